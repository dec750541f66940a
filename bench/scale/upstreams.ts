// The two Pods of the probed Rollout, as one process: each address given as an argument answers with itself.
import { createServer } from 'node:http';

for (const address of process.argv.slice(2)) {
  createServer((request, response) => {
    const id = request.headers['x-request-id'];
    response.writeHead(200, {
      'content-length': address.length,
      'x-pod': address,
      ...(id === undefined ? {} : { 'x-request-id': id }),
    });
    request.resume();
    request.on('end', () => response.end(address));
  }).listen(8080, address);
}
