import { Connection } from './connection.ts';
import type { Target } from './target.ts';

/**
 * So many kept connections to each ready target, and more while all are busy. As with a Service, a connection that
 * stands keeps being used when its target is no longer ready: it is for the server to say `connection: close`.
 */
export class ConnectionPool {
  readonly #perTarget: number;
  readonly #surprise: (what: string) => void;
  #targets: readonly Target[];
  readonly #all = new Set<Connection>();
  /** The one that has been idle longest comes first. */
  readonly #idle = new Set<Connection>();
  opened = 0;

  constructor(targets: readonly Target[], perTarget: number, surprise: (what: string) => void) {
    this.#targets = targets;
    this.#perTarget = perTarget;
    this.#surprise = surprise;
  }

  setTargets(targets: readonly Target[]): void {
    this.#targets = targets;
  }

  /** Null: there is no idle connection and no target for a new one. */
  take(): Connection | null {
    const [least, count] = this.#leastConnected();
    if (least !== null && count < this.#perTarget) return this.#open(least);
    for (const connection of this.#idle) {
      this.#idle.delete(connection);
      return connection;
    }
    return least === null ? null : this.#open(least);
  }

  /** After an exchange. One that is not open any more is ignored. */
  give(connection: Connection): void {
    if (!connection.idle) return;
    if (this.#count(connection.target) > this.#perTarget) connection.close();
    else this.#idle.add(connection);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #open(target: Target): Connection {
    this.opened += 1;
    const gone = (connection: Connection) => {
      this.#all.delete(connection);
      this.#idle.delete(connection);
    };
    const connection = new Connection(target, gone, this.#surprise);
    this.#all.add(connection);
    return connection;
  }

  #leastConnected(): [Target | null, number] {
    let least: Target | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const target of this.#targets) {
      const count = this.#count(target);
      if (count >= fewest) continue;
      least = target;
      fewest = count;
    }
    return [least, fewest];
  }

  #count(target: Target): number {
    let count = 0;
    for (const { target: other } of this.#all) {
      if (other.host === target.host && other.port === target.port) count += 1;
    }
    return count;
  }
}
