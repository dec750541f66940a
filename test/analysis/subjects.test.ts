import t from 'tap';
import { type AnalysisQuery, analysisQuery } from '../../src/analysis/query.ts';
import type { KnownVersion } from '../../src/analysis/recorder.ts';
import { subjectsOf } from '../../src/analysis/subjects.ts';

type Change = Partial<KnownVersion['id']> & { readonly role?: KnownVersion['role']; readonly template?: string };

function known(version: string, { role = 'stable', template = '', ...id }: Change = {}): KnownVersion {
  return { id: { route: 'web', namespace: 'shop', rollout: 'web', experiment: '', version, ...id }, role, template };
}

const CANARY = [known('aaa'), known('bbb', { role: 'canary' })];
const TRIAL = { rollout: '', experiment: 'trial', role: 'experiment' } as const;
const EXPERIMENT = [
  ...CANARY,
  known('ccc', { ...TRIAL, template: 'baseline' }),
  known('ddd', { ...TRIAL, template: 'canary' }),
];

function query(text: string): AnalysisQuery {
  const parsed = analysisQuery(new URLSearchParams(text));
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

/** `candidate/baseline`, or what is said instead. */
function ask(text: string, versions: readonly KnownVersion[]): string {
  const subjects = subjectsOf(query(text), versions);
  if (subjects.kind === 'found') return `${subjects.candidate.id.version}/${subjects.baseline.id.version}`;
  return subjects.kind === 'absent' ? subjects.reason : `${subjects.status} ${subjects.message}`;
}

t.test('the canary is compared with stable unless said otherwise, whatever names the route', async (t) => {
  for (const text of ['route=web', 'rollout=web', 'rollout=shop/web', 'route=web&rollout=web']) {
    t.equal(ask(text, CANARY), 'bbb/aaa', text);
  }
});

t.test('in a blue-green route preview is compared with active', async (t) => {
  const versions = [known('aaa', { role: 'active' }), known('bbb', { role: 'preview' })];
  t.equal(ask('rollout=web', versions), 'bbb/aaa');
});

t.test('versions are found by role, by hash, by the name of a static version', async (t) => {
  t.equal(ask('route=web&candidate=stable&baseline=canary', CANARY), 'aaa/bbb');
  t.equal(ask('route=web&candidate=aaa&baseline=bbb', CANARY), 'aaa/bbb');
  const versions = ['one', 'two'].map((name) => known(name, { namespace: '', rollout: '', role: 'static' }));
  t.equal(ask('route=web&candidate=two&baseline=one', versions), 'two/one');
});

t.test(
  'templates of an experiment are found by name and by hash, and before roles where the experiment is asked for',
  async (t) => {
    t.equal(ask('experiment=shop/trial&candidate=canary&baseline=baseline', EXPERIMENT), 'ddd/ccc');
    t.equal(ask('experiment=trial&candidate=ddd&baseline=ccc', EXPERIMENT), 'ddd/ccc');
    t.equal(ask('experiment=trial&candidate=ddd', EXPERIMENT), 'ddd/aaa', 'with production');
    t.equal(ask('rollout=web&candidate=canary&baseline=baseline', EXPERIMENT), 'bbb/ccc');
  },
);

t.test(
  'of an experiment the template called canary is the candidate, or its only one; of others one has to be written',
  async (t) => {
    t.equal(ask('experiment=trial', EXPERIMENT), 'ddd/aaa');
    t.equal(ask('experiment=trial', [...CANARY, known('ccc', { ...TRIAL, template: 'new' })]), 'ccc/aaa');
    const two = ['red', 'blue'].map((template) => known(template, { ...TRIAL, template }));
    t.equal(
      ask('experiment=trial', [...CANARY, ...two]),
      '400 experiment trial has the templates blue, red: write candidate=TEMPLATE',
    );
  },
);

t.test('templates that share a hash are told apart by their names', async (t) => {
  const versions = [
    ...CANARY,
    known('ccc-baseline', { ...TRIAL, template: 'baseline' }),
    known('ccc-canary', { ...TRIAL, template: 'canary' }),
  ];
  t.equal(ask('experiment=trial&candidate=canary&baseline=baseline', versions), 'ccc-canary/ccc-baseline');
  t.equal(
    ask('experiment=trial&candidate=ccc&baseline=baseline', versions),
    '400 ccc may be ccc-baseline of trial, ccc-canary of trial: write which version, or experiment=NAME',
  );
});

t.test('a hash that an experiment has too is the Rollout’s where the Rollout is asked for', async (t) => {
  const versions = [...CANARY, known('bbb', { ...TRIAL, template: 'new' })];
  const subjects = subjectsOf(query('rollout=web&candidate=bbb'), versions);
  t.match(subjects, { kind: 'found', candidate: { id: { experiment: '' } } });
});

t.test('a version that is gone is found by its hash while its counts are there', async (t) => {
  t.equal(ask('rollout=web&candidate=bbb&baseline=aaa', [known('bbb'), known('aaa', { role: null })]), 'bbb/aaa');
});

t.test('what is not there now is no mistake, and the reason says what is', async (t) => {
  t.equal(ask('rollout=web', [known('aaa')]), 'route web has no canary now: there is stable aaa');
  t.equal(
    ask('rollout=web&candidate=canry', CANARY),
    'route web has no version canry now: there are stable aaa, canary bbb',
  );
  t.equal(ask('rollout=web&baseline=active', CANARY), 'route web has no active now: there are stable aaa, canary bbb');
  t.equal(ask('rollout=web', [known('aaa', { role: null })]), 'route web has no canary now: there is none');
  const versions = ['one', 'two'].map((name) => known(name, { namespace: '', rollout: '', role: 'static' }));
  t.equal(ask('route=web&candidate=two', versions), 'route web has no stable now: there are one, two');
  t.equal(ask('rollout=web&candidate=aaa', CANARY), 'candidate and baseline are the same version, aaa');
  t.equal(ask('experiment=shop/other', CANARY), 'no route has a version of experiment shop/other now');
});

t.test('a route that is not there, or may be several, is a mistake with its remedy', async (t) => {
  t.equal(ask('route=api', CANARY), '404 there is no route api: the routes are web');
  t.equal(ask('rollout=shop/api', CANARY), '404 there is no rollout shop/api: the rollouts are shop/web');
  const plain = [known('aaa', { namespace: '', rollout: '' })];
  t.equal(ask('rollout=shop/web', plain), '404 there is no rollout shop/web: the routes are web');
  t.equal(ask('route=api', []), '404 there is no route api: the routes are none yet');
  const twice = [...CANARY, known('aaa', { route: 'internal' })];
  t.equal(ask('rollout=web', twice), '400 rollout web has several routes, internal, web: add route=NAME');
  t.equal(ask('rollout=web&route=web', twice), 'bbb/aaa');
  const namesakes = [...CANARY, known('aaa', { route: 'other', namespace: 'api' })];
  t.equal(
    ask('rollout=web', namesakes),
    '400 rollout web has several routes, other, web: write the namespace before the name',
  );
});
