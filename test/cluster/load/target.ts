/** A replica of the proxy under test. */
export interface Target {
  readonly host: string;
  readonly port: number;
}
