/** What a scenario needs is not to be had in this cluster: it neither passes nor fails. */
export class Skipped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Skipped';
  }
}
