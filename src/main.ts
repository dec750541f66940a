import { main } from './cli/program.ts';
import { outliveReader } from './cli/standard-output.ts';

outliveReader();
const exitCode = await main(process.argv.slice(2));
// What could not be written has said so already.
process.exitCode ||= exitCode;
