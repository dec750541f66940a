import type { Server } from 'node:http';
import { nodeHttp } from '../common/node-builtins.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

const USAGE = 'DELETE /experiment ends the experiment, PUT /experiment starts it again\n';
const METHODS = 'DELETE, PUT';

/** The demo's own switchboard: what `kubectl` would do to a cluster. */
export function createControls(cluster: SimulatedCluster): Server {
  return nodeHttp().createServer((request, response) => {
    const say = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(text);
    };
    const action = `${request.method} ${request.url}`;
    if (action === 'DELETE /experiment') {
      cluster.stopExperiment().then(
        () => say(200, 'the experiment is gone: its header falls back to production\n'),
        () => say(500, 'the experiment could not be ended\n'),
      );
    } else if (action === 'PUT /experiment') {
      cluster.startExperiment().then(
        () => say(200, 'the experiment runs again\n'),
        () => say(500, 'the experiment could not be started\n'),
      );
    } else if (request.url === '/experiment') {
      response.setHeader('allow', METHODS);
      say(405, USAGE);
    } else say(404, USAGE);
  });
}
