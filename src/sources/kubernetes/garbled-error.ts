/** What came is not what the Kubernetes API sends. */
export class GarbledError extends Error {
  readonly code = 'HEADGATE_API_GARBLED';
}
