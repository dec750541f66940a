/** The proxy has a core of its own; the upstream and the load share the other. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;
