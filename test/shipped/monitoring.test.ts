import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { exposedNames } from './exposed-names.ts';
import { at, documents, list, ROOT, text } from './yaml.ts';

/* The alerts, as far as it can be seen without Prometheus; test/prometheus runs them. */

const RULES = 'config/prometheus/headgate.rules.yaml';
const OBJECT = 'config/kubernetes/overlays/servicemonitor/prometheus-rule.yaml';
const SEVERITIES = ['critical', 'warning', 'info'];

/** Of the controller of Argo Rollouts 1.10 (`controller/metrics/prommetrics.go`), and of Prometheus itself. */
const FOREIGN = ['rollout_info', 'rollout_events_total', 'up'];

const groups = list(documents(RULES)[0], 'groups');
const rules = groups.flatMap((group) => list(group, 'rules'));
const alerts = rules.filter((rule) => at(rule, 'alert') !== undefined);

/** Names of metrics in a query: what is not a function, a word of PromQL, a label or inside quotes. */
function metricsOf(query: string): string[] {
  const bare = query
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const words = [...bare.matchAll(/\b([a-z_][\w:]*)\b(?!\s*\()/gi)].map(([, name = '']) => name);
  return [...new Set(words)].filter((name) => !/^(?:and|or|unless|by|bool|offset|without)$/.test(name));
}

t.test('every alert has a severity, and says what it is and where to read on', async (t) => {
  t.ok(alerts.length > 10);
  for (const alert of alerts) {
    const name = text(alert, 'alert');
    t.ok(SEVERITIES.includes(text(alert, 'labels', 'severity')), name);
    for (const annotation of ['summary', 'description']) t.not(text(alert, 'annotations', annotation), '', name);
    const [file = '', anchor] = text(alert, 'annotations', 'runbook').split('#');
    const headings = [...readFileSync(resolve(ROOT, file), 'utf8').matchAll(/^#+ (.*)$/gm)];
    const anchors = headings.map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\w -]/g, ''));
    t.ok(anchors.map((one) => one.replaceAll(' ', '-')).includes(anchor ?? ''), `${name}: ${file}#${anchor}`);
  }
});

t.test('every alert is in the table of docs/monitoring.md with its severity, and no other', async (t) => {
  const rows = readFileSync(resolve(ROOT, 'docs/monitoring.md'), 'utf8').matchAll(/^\| (\w+) \| ([\w, ]+) \|/gm);
  const documented = new Map(
    [...rows].filter(([, name]) => name !== 'Alert').map(([, name, severity]) => [name, severity]),
  );
  const severities = new Map<string, string>();
  for (const alert of alerts) {
    const before = severities.get(text(alert, 'alert'));
    const severity = text(alert, 'labels', 'severity');
    severities.set(text(alert, 'alert'), before === undefined ? severity : `${before}, ${severity}`);
  }
  t.same(documented, severities);
});

t.test('every metric of the alerts is exposed, recorded before, or the controller has it', async (t) => {
  const known = new Set([...(await exposedNames()), ...FOREIGN]);
  for (const rule of rules) {
    t.same(
      metricsOf(text(rule, 'expr')).filter((name) => !known.has(name)),
      [],
      text(rule, 'alert') || text(rule, 'record'),
    );
    if (text(rule, 'record') !== '') known.add(text(rule, 'record'));
  }
});

t.test('the PrometheusRule is what scripts/prometheus-rule.ts makes of the rules', async (t) => {
  const [object] = documents(OBJECT);
  t.equal(at(object, 'kind'), 'PrometheusRule');
  t.same(at(object, 'spec', 'groups'), groups);
});

t.test('every alert is tried out by promtool: what fires, and a moment without any', async (t) => {
  const files = ['argo-rollouts', 'candidates', 'process'].map((name) => `test/prometheus/rules/${name}.test.yaml`);
  const tests = files.flatMap((file) => list(documents(file)[0], 'tests'));
  const samples = tests.flatMap((one) => list(one, 'promql_expr_test'));
  const fired = new Set(
    [
      ...samples.flatMap((sample) => list(sample, 'exp_samples').map((one) => text(one, 'labels'))),
      ...tests.flatMap((one) =>
        list(one, 'alert_rule_test')
          .filter((rule) => list(rule, 'exp_alerts').length > 0)
          .map((rule) => `alertname="${text(rule, 'alertname')}"`),
      ),
    ].flatMap((labels) => /alertname="(\w+)"/.exec(labels)?.[1] ?? []),
  );
  t.same(
    alerts.map((alert) => text(alert, 'alert')).filter((name) => !fired.has(name)),
    [],
  );
  t.ok(samples.some((sample) => list(sample, 'exp_samples').length === 0));
});
