/** How long the proxy may take to follow a change, in milliseconds. */
export const TOLERANCE_MS = 200;
