import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** An application in the test's own process that fails and dawdles as it is told. */
export class App {
  readonly name: string;
  /** Of the answers that are 500: even, so that the share is met within a few requests. */
  errorShare = 0;
  latencyMs = 0;
  answered = 0;
  readonly #server: Server;
  #due = 0;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      incoming.resume();
      if (this.latencyMs > 0) setTimeout(() => this.#answer(response), this.latencyMs);
      else this.#answer(response);
    });
  }

  /** @param port 0: any free one */
  static async start(name: string, port = 0): Promise<App> {
    const app = new App(name);
    app.#server.listen(port, '127.0.0.1');
    await once(app.#server, 'listening');
    return app;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(response: ServerResponse): void {
    this.answered += 1;
    this.#due += this.errorShare;
    // Ten times 0.1 is a little less than 1.
    const fails = this.#due >= 1 - 1e-9;
    if (fails) this.#due -= 1;
    response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ version: this.name }));
  }
}
