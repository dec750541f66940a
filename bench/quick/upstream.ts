import { createServer } from 'node:http';
import { bodyOf, SMALL } from '../workload.ts';

/* The upstream of the quick benchmark: answers everything with the small answer. Arguments: the ports. */

const BODY = bodyOf(SMALL);
const FIELDS = ['Content-Type', 'text/plain', 'Content-Length', String(SMALL)];

for (const port of process.argv.slice(2).map(Number)) {
  createServer({ keepAliveTimeout: 600_000 }, (_request, response) => response.writeHead(200, FIELDS).end(BODY)).listen(
    port,
    '127.0.0.1',
  );
}
