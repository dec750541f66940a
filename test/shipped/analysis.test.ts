import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { exposedNames } from './exposed-names.ts';
import { kustomization, yamlFiles } from './kustomize.ts';
import { at, documents, list, ROOT, text } from './yaml.ts';

/* config/analysis without Prometheus and without the controller; `npm run test:prometheus` has both. */

const FOLDER = 'config/analysis';
const FILES = yamlFiles(FOLDER).filter((file) => basename(file) !== 'kustomization.yaml');
const TEMPLATES = new Map(FILES.map((file) => [basename(file, '.yaml'), documents(file)[0]]));
const DOCUMENT = readFileSync(resolve(ROOT, 'docs/templates.md'), 'utf8');
const SAMPLES = await exposedNames();

/** The names in `{{args.NAME}}` anywhere within. */
function used(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/\{\{args\.([\w-]+)\}\}/g)].map((match) => match[1] ?? '');
}

function declared(template: unknown): { name: string; required: boolean }[] {
  return list(template, 'spec', 'args').map((arg) => ({
    name: text(arg, 'name'),
    required: at(arg, 'value') === undefined,
  }));
}

t.test('there is a template for each question, and the kustomization has them all', async (t) => {
  t.same(
    [...TEMPLATES.keys()],
    [
      'error-budget',
      'error-rate',
      'experiment-comparison',
      'experiment-verdict',
      'headgate-verdict',
      'latency-p50',
      'latency-p95',
      'latency-p99',
      'latency-relative-p95',
      'latency-relative',
      'smoke-test',
      'success-rate',
    ],
  );
  t.same(kustomization(FOLDER).references, FILES);
});

for (const [name, template] of TEMPLATES) {
  t.test(`${name} has the name of its file, and docs/templates.md explains it`, async (t) => {
    t.same([at(template, 'kind'), at(template, 'metadata', 'name')], ['AnalysisTemplate', name]);
    t.equal(at(template, 'metadata', 'namespace'), undefined);
    t.match(DOCUMENT, `| \`${name}\` |`);
  });

  t.test(`${name} declares the arguments that it uses, and no other`, async (t) => {
    const names = declared(template).map((arg) => arg.name);
    t.same([...new Set(used(at(template, 'spec', 'metrics')))].sort(), [...names].sort());
  });

  t.test(`${name} asks for series of Headgate by hash and namespace, never by role`, async (t) => {
    for (const metric of list(template, 'spec', 'metrics')) {
      const query = text(metric, 'provider', 'prometheus', 'query');
      const series = [...query.matchAll(/\b(headgate_\w+)\{(.*?)\}\[/g)];
      t.equal(series.length > 0, at(metric, 'provider', 'prometheus') !== undefined);
      for (const [, sample = '', matchers = ''] of series) {
        t.ok(SAMPLES.has(sample), sample);
        t.match(matchers, /^version="\{\{args\.[a-z]+-hash\}\}", namespace="\{\{args\.namespace\}\}", experiment!?=""/);
        t.notMatch(matchers, /role/);
      }
    }
  });

  t.test(`${name} is neither passed nor failed by what is no number`, async (t) => {
    for (const metric of list(template, 'spec', 'metrics').filter((one) => at(one, 'provider', 'prometheus'))) {
      t.match(at(metric, 'successCondition'), /^len\(result\) > 0 && result\[0\] [<>]=? \S+$/);
      t.match(at(metric, 'failureCondition'), /^len\(result\) > 0 && result\[0\] [<>]=? \S+$/);
    }
  });
}

t.test('an argument of one name has one default, so that templates can be named together', async (t) => {
  const defaults = new Map<string, unknown>();
  for (const [name, template] of TEMPLATES) {
    for (const arg of list(template, 'spec', 'args').filter((one) => at(one, 'value') !== undefined)) {
      const known = defaults.get(text(arg, 'name'));
      const isVerdict = name.endsWith('-verdict') && text(arg, 'name') === 'metrics';
      if (known !== undefined && !isVerdict) t.equal(at(arg, 'value'), known, `${name}: ${text(arg, 'name')}`);
      defaults.set(text(arg, 'name'), at(arg, 'value'));
    }
  }
  t.ok(defaults.size > 10);
});

t.test(
  'without traffic nothing is promoted: by default fewer inconclusive measurements are allowed than are taken',
  async (t) => {
    const value = (template: unknown, name: string): number =>
      Number(
        at(
          list(template, 'spec', 'args').find((arg) => at(arg, 'name') === name),
          'value',
        ),
      );
    for (const [name, template] of TEMPLATES) {
      if (list(template, 'spec', 'metrics').some((metric) => at(metric, 'provider', 'prometheus') !== undefined)) {
        t.ok(value(template, 'inconclusive-limit') < value(template, 'count'), name);
      } else if (name.endsWith('-verdict')) {
        // With a limit of successes in a row as well as of failures, a run that has reached neither is inconclusive.
        t.ok(value(template, 'verdict-passes') > 0, name);
        t.equal(value(template, 'verdict-inconclusive-limit'), value(template, 'verdict-count'), name);
      }
    }
  },
);

/** Every analysis within an object: the templates that it names, and the arguments that it gives. */
function analyses(value: unknown): { names: string[]; args: string[] }[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(analyses);
  const names = [...list(value, 'templates').map((one) => text(one, 'templateName')), text(value, 'templateName')];
  const real = names.filter((name) => name !== '');
  const args = list(value, 'args').map((arg) => text(arg, 'name'));
  return real.length > 0 && Array.isArray(at(value, 'args')) ? [{ names: real, args }, ...within] : within;
}

t.test(
  'docs/templates.md: every analysis gives its templates the arguments that they need, and no unknown one',
  async (t) => {
    const blocks = [...DOCUMENT.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
    const found = blocks.flatMap((block) => parseAllDocuments(block).flatMap((document) => analyses(document.toJS())));
    t.ok(found.length >= 7);
    for (const { names, args } of found) {
      const wanted = names.flatMap((name) => {
        t.ok(TEMPLATES.has(name), name);
        return declared(TEMPLATES.get(name));
      });
      for (const { name, required } of wanted) if (required) t.ok(args.includes(name), `${names.join(', ')}: ${name}`);
      for (const arg of args)
        t.ok(
          wanted.some(({ name }) => name === arg),
          `${names.join(', ')}: ${arg}`,
        );
    }
  },
);
