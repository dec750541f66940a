import t from 'tap';
import { analysisQuery } from '../../src/analysis/query.ts';

const parse = (text: string) => analysisQuery(new URLSearchParams(text));

t.test('what is not written has its default', async (t) => {
  t.match(parse('route=web'), {
    route: 'web',
    rollout: null,
    experiment: null,
    candidate: null,
    baseline: null,
    errorRateMargin: 0.01,
    latencyMargin: 0.2,
    minimumSamples: 100,
    alpha: 0.05,
  });
});

t.test('every parameter is read', async (t) => {
  t.strictSame(
    parse(
      'route=web&rollout=shop/web&experiment=trial&candidate=7f9b&baseline=active&metrics=error-rate,%20error-rate&errorRateMargin=0&latencyMargin=.5&minimumSamples=1&alpha=1e-3',
    ),
    {
      route: 'web',
      rollout: { namespace: 'shop', name: 'web' },
      experiment: { namespace: null, name: 'trial' },
      candidate: '7f9b',
      baseline: 'active',
      metrics: ['error-rate'],
      errorRateMargin: 0,
      latencyMargin: 0.5,
      minimumSamples: 1,
      alpha: 0.001,
    },
  );
});

const MISTAKES: readonly [query: string, said: string][] = [
  ['', 'nothing is asked for: write route=NAME, rollout=[NAMESPACE/]NAME or experiment=[NAMESPACE/]NAME'],
  ['route=web&latencyMargins=0.1', 'unknown parameter "latencyMargins": did you mean latencyMargin?'],
  ['route=web&route=api', 'route is there twice: write it once'],
  ['rollout=web&candidate=', 'candidate is empty: give it a value, or leave it out'],
  ['rollout=a/b/c', 'rollout is no name: "a/b/c": write NAME or NAMESPACE/NAME'],
  ['rollout=/web', 'rollout is no name: "/web": write NAME or NAMESPACE/NAME'],
  ['route=web&alpha=5%25', 'alpha is no number: "5%": write 0.05'],
  ['route=web&alpha=0.9', 'alpha must be from 0.0001 to 0.5, not "0.9": write 0.05'],
  ['route=web&latencyMargin=20', 'latencyMargin must be from 0 to 10, not "20": write 0.2 for 20 %'],
  ['route=web&latencyMargin=Infinity', 'latencyMargin is no number: "Infinity": write 0.2 for 20 %'],
  ['route=web&errorRateMargin=-0.1', 'errorRateMargin must be from 0 to 0.99, not "-0.1": write 0.01 for one point'],
  ['route=web&minimumSamples=2.5', 'minimumSamples must be a whole number: write 100'],
];

for (const [query, said] of MISTAKES) {
  t.test(`a question is refused with its remedy: ${query}`, async (t) => {
    t.equal(parse(query), said);
  });
}

t.test('an unknown metric is told with those that there are', async (t) => {
  t.match(parse('route=web&metrics=error-rate,latency'), /^unknown metric "latency": there are error-rate/);
});

t.test('an unknown parameter that is like none is told with all of them, however long it is', async (t) => {
  const said = parse(`route=web&${'x'.repeat(5_000)}=1`);
  if (typeof said !== 'string') throw new Error('not refused');
  t.ok(said.length < 300);
  t.match(said, /there are route, rollout, experiment, candidate/);
});
