/** From a mark to another, in epoch milliseconds. */
export interface TimeWindow {
  readonly name: string;
  readonly from: number;
  readonly until: number;
}
