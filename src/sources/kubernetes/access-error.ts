/** There is no cluster to read from; nothing that time would mend. The message has the place and the remedy. */
export class AccessError extends Error {
  readonly code = 'HEADGATE_CLUSTER_UNKNOWN';

  constructor(place: string, message: string, remedy: string) {
    super(`${place}: ${message} (${remedy})`);
    this.name = 'AccessError';
  }
}
