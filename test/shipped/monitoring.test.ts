import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { anchorsOf } from './anchors.ts';
import { exposedNames } from './exposed-names.ts';
import { at, documents, list, ROOT, text } from './yaml.ts';

/* The alerts and the dashboard, as far as it can be seen without Prometheus; test/prometheus runs them. */

const RULES = 'config/prometheus/headgate.rules.yaml';
const OBJECT = 'config/kubernetes/overlays/servicemonitor/prometheus-rule.yaml';
const SEVERITIES = ['critical', 'warning', 'info'];

/** Of the controller of Argo Rollouts 1.10 (`controller/metrics/prommetrics.go`), and of Prometheus itself. */
const FOREIGN = [
  'rollout_info',
  'rollout_info_replicas_desired',
  'rollout_info_replicas_available',
  'rollout_events_total',
  'up',
];

const DASHBOARD: unknown = JSON.parse(readFileSync(resolve(ROOT, 'config/grafana/headgate.json'), 'utf8'));
const panels = list(DASHBOARD, 'panels');
const targets = panels.flatMap((panel) => list(panel, 'targets'));
const variables = list(DASHBOARD, 'templating', 'list');

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
    t.ok(anchorsOf(file).includes(anchor ?? ''), `${name}: ${file}#${anchor}`);
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

t.test('every metric of the dashboard is exposed, or the controller has it', async (t) => {
  const known = new Set([...(await exposedNames()), ...FOREIGN]);
  t.ok(targets.length > 30);
  for (const target of targets) {
    t.same(
      metricsOf(text(target, 'expr')).filter((name) => !known.has(name)),
      [],
      text(target, 'expr'),
    );
  }
});

t.test('every panel of the dashboard has a number, a title and a place of its own', async (t) => {
  const ids = panels.map((panel) => at(panel, 'id'));
  t.equal(new Set(ids).size, panels.length);
  const taken = new Map<string, string>();
  for (const panel of panels) {
    const title = text(panel, 'title');
    t.not(title, '');
    if (text(panel, 'type') !== 'row') t.not(text(panel, 'description'), '', title);
    const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((key) => Number(at(panel, 'gridPos', key)));
    if (x === undefined || y === undefined || w === undefined || h === undefined) throw new Error('four numbers');
    t.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, title);
    const overlaps = new Set<string>();
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        const other = taken.get(`${column},${line}`);
        if (other !== undefined) overlaps.add(other);
        taken.set(`${column},${line}`, title);
      }
    }
    t.same([...overlaps], [], title);
  }
});

t.test('the dashboard asks the data source that is chosen, and uses no variable that it has not', async (t) => {
  const written = JSON.stringify(panels) + JSON.stringify(variables);
  const uids = new Set([...written.matchAll(/"uid":"([^"]*)"/g)].map(([, uid]) => uid));
  t.same(uids, new Set([`$\{datasource}`]));
  const names = variables.map((variable) => text(variable, 'name'));
  t.same(names, ['datasource', 'namespace', 'route']);
  const used = [...written.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  // Of Grafana itself, as is the $1 of a label_replace, were there one.
  t.same([...new Set(used)].filter((name) => !names.includes(name)).sort(), ['__all', '__rate_interval']);
  for (const variable of variables.slice(1)) {
    // Nothing chosen is everything, routes without a namespace included.
    t.equal(at(variable, 'includeAll'), true);
    t.equal(at(variable, 'allValue'), '.*');
  }
});

t.test(
  'no query of the dashboard or of the alerts tells versions apart by the role that a request was counted with',
  async (t) => {
    for (const target of targets) {
      const expr = text(target, 'expr');
      t.notMatch(expr, /headgate_(?:requests|attempts|request_duration)\w*\{[^}]*role/, expr);
    }
    for (const rule of rules) t.notMatch(text(rule, 'expr'), /headgate_(?:attempts|request_duration)\w*\{[^}]*role/);
  },
);
