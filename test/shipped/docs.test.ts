import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { causeOf } from '../../src/proxy/causes.ts';
import { anchorsOf } from './anchors.ts';
import { ROOT } from './yaml.ts';

/*
 * What the documents say, as far as it can be tried without a cluster. Commands that need one stand in blocks marked
 * `console cluster`.
 */

const DOCUMENTS = ['README.md', ...readdirSync(resolve(ROOT, 'docs')).map((name) => `docs/${name}`)];
const HOSTS = /^(https?:|mailto:)/;

function textOf(document: string): string {
  return readFileSync(resolve(ROOT, document), 'utf8');
}

/** The contents of the fenced blocks whose info string is `info`. */
function blocks(document: string, info: string): string[] {
  return [...textOf(document).matchAll(new RegExp(`^\`\`\`${info}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    (match) => match[1] ?? '',
  );
}

for (const document of DOCUMENTS) {
  t.test(`${document}: every link leads to a file or heading that is there`, async (t) => {
    for (const [, target = ''] of textOf(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (HOSTS.test(target)) continue;
      const [path = '', fragment] = target.split('#');
      const file = path === '' ? document : resolve(ROOT, dirname(document), path);
      t.ok(existsSync(resolve(ROOT, file)), target);
      if (fragment === undefined) continue;
      t.ok(anchorsOf(file).includes(fragment), target);
    }
  });

  t.test(`${document}: every YAML block is YAML`, async (t) => {
    for (const block of blocks(document, 'yaml')) {
      t.same(
        parseAllDocuments(block).flatMap(({ errors }) => errors.map(({ message }) => message)),
        [],
      );
    }
  });

  t.test(`${document}: every block of routes is right in the configuration of the cluster`, async (t) => {
    for (const block of blocks(document, 'yaml').filter((one) => one.startsWith('routes:'))) {
      t.ok((parseConfig(`source: { kubernetes: {} }\n${withFiles(block)}`, document).routes ?? []).length > 0);
    }
  });

  t.test(`${document}: every file and folder that a command for a cluster names is there`, async (t) => {
    for (const block of blocks(document, 'console cluster')) {
      t.match(block, /^\$ /);
      for (const [, path = ''] of block.matchAll(/ (?:-k|-f) (config\/\S+)/g))
        t.ok(existsSync(resolve(ROOT, path)), path);
    }
  });

  t.test(`${document}: every metric it names is exposed`, async (t) => {
    const source = readdirSync(resolve(ROOT, 'src/telemetry'))
      .map((name) => textOf(`src/telemetry/${name}`))
      .join('\n');
    for (const [, name = ''] of textOf(document).matchAll(/\bheadgate_(\w+)/g)) {
      t.match(source, name.replace(/_bucket$/, ''), `headgate_${name}`);
    }
  });
}

t.test('docs/troubleshooting.md: every reason it explains is one that Headgate gives', async (t) => {
  const sections = textOf('docs/troubleshooting.md').matchAll(/^## ((?:\d{3})(?: and \d{3})*)\n(.*?)(?=^## )/gms);
  let words = 0;
  for (const [, statuses = '', section = ''] of sections) {
    for (const [, word = ''] of section.matchAll(/`([a-z]+(?:_[a-z]+)+|reset|truncated)`/g)) {
      if (word.startsWith('headgate')) continue;
      words += 1;
      const cause = causeOf(word as Parameters<typeof causeOf>[0]);
      t.equal(cause.name, word);
      t.ok(statuses.includes(String(cause.status)), `${word} is ${cause.status}, explained below ${statuses}`);
    }
  }
  t.ok(words >= 9);
});

/** A configuration is read with the files that it names. */
function withFiles(block: string): string {
  return block.replaceAll('/etc/headgate-ca/', `${ROOT}/test/fixtures/tls/`);
}
