import { defineConfig } from 'rolldown';
import { dashboardFiles } from './scripts/build/dashboard-files.ts';
import { licenses } from './scripts/build/licenses.ts';

/**
 * What the package runs: the program and its worker, each with what it always needs in few files. Loading 400 modules of their own took longer
 * than everything else of a start, and 15 MB (bench/NOTES.md).
 */
// biome-ignore lint/style/noDefaultExport: rolldown asks for one
export default defineConfig({
  input: { main: 'src/main.ts', worker: 'src/proxy/worker.ts' },
  platform: 'node',
  // Loaded only by those who use them; the files of the charts are sent as they are.
  external: /^(@bufbuild\/protobuf|@kubernetes\/client-node|prom-client|undici|uplot)(\/|$)/,
  plugins: [dashboardFiles(), licenses()],
  // All files lie side by side, as those that look for a neighbour expect: the worker, and the files of the page.
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    cleanDir: true,
    // The text of a file stays in memory, with two bytes a character where one is no Latin-1, as in comments of zod.
    comments: { legal: true, jsdoc: false },
  },
});
