import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { ROOT } from './yaml.ts';

const lines = readFileSync(resolve(ROOT, 'Dockerfile'), 'utf8').split('\n');
const stages = lines.join('\n').split(/^(?=FROM )/m);
const last = stages.at(-1) ?? '';

/** The sources of `COPY` that come from the build context. */
function copied(): string[] {
  return lines
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) =>
      line
        .split(/\s+/)
        .slice(1, -1)
        .map((name) => name.replace(/\/$/, '')),
    );
}

t.test('every stage of the image begins with the Node.js that the project is tested on', async (t) => {
  const { devDependencies } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
  const images = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]);
  t.equal(images.length, 3);
  t.same([...new Set(images)], [`node:${devDependencies.node}-bookworm-slim`]);
});

t.test('what the image copies is in the repository, and in the context', async (t) => {
  const context = readFileSync(resolve(ROOT, '.dockerignore'), 'utf8').split('\n');
  t.ok(context.includes('*'), 'nothing else is sent');
  for (const name of copied()) {
    t.ok(existsSync(resolve(ROOT, name)), name);
    t.ok(context.includes(`!${name}`), `${name} in .dockerignore`);
  }
  t.same(
    context.filter((line) => line.startsWith('!')).sort(),
    [...new Set(copied())].map((name) => `!${name}`).sort(),
  );
});

t.test('the last stage installs nothing and takes no development dependency', async (t) => {
  t.notMatch(last, /^RUN /m);
  t.match(last, /^COPY --from=dependencies \/app\/node_modules /m);
  t.match(stages.find((stage) => /^FROM \S+ AS dependencies$/m.test(stage)) ?? '', 'npm ci --omit=dev');
});

t.test('node gets SIGTERM itself, as a user without a name to resolve', async (t) => {
  t.match(last, /^ENTRYPOINT \["node", "bin\/headgate"\]$/m);
  t.match(last, /^USER [1-9]\d*:[1-9]\d*$/m);
});
