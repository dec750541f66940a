import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { headgate } from '../cli/run.ts';
import { kustomization, kustomizations, only, yamlFiles } from './kustomize.ts';
import { at, documents, list, ROOT, text } from './yaml.ts';

/* config/examples without a cluster: that each is whole, and that its configuration names what is in its manifests. */

const EXAMPLES = kustomizations('config/examples');
const SAMPLES = ['headgate_requests_total', 'headgate_request_duration_seconds_bucket', 'http_requests_total'];
const LABELS = ['route', 'namespace', 'rollout', 'experiment', 'role', 'version', 'status'];

t.test('there is an example for each of the five systems', async (t) => {
  t.same(EXAMPLES, [
    'config/examples/ai-engine-blue-green',
    'config/examples/demo-microservice-experiment',
    'config/examples/proxy-api-header-canary',
    'config/examples/rollouts-demo-experiment-step',
    'config/examples/talana-canary',
  ]);
});

for (const folder of EXAMPLES) {
  const manifests = yamlFiles(`${folder}/manifests`).flatMap((file) => documents(file));
  const named = (kind: string) =>
    manifests.filter((object) => at(object, 'kind') === kind).map((object) => text(object, 'metadata', 'name'));
  const file = readFileSync(resolve(ROOT, folder, 'headgate.yaml'), 'utf8');

  t.test(`${folder}: check finds nothing to say`, async (t) => {
    const { code, stdout, stderr } = await headgate('check', '--strict', '--config', `${folder}/headgate.yaml`);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.same(stdout.match(/^route /gm)?.length, named('Rollout').length, 'a route for each Rollout');
  });

  t.test(`${folder}: each route names a Rollout of its manifests, each token an Experiment and template`, async (t) => {
    const routes = parseConfig(file, `${folder}/headgate.yaml`).routes ?? [];
    t.same(routes.map((route) => route.rollout?.name).sort(), named('Rollout').sort());
    for (const reference of routes.flatMap((route) => Object.values(route.experiments?.tokens ?? {}))) {
      const [name, template] = reference.split('#');
      const experiment = manifests.find((object) => at(object, 'metadata', 'name') === name);
      t.equal(at(experiment, 'kind'), 'Experiment');
      const templates = list(experiment, 'spec', 'templates').map((one) => at(one, 'name'));
      t.ok(template === undefined || templates.includes(template), reference);
    }
  });

  t.test(`${folder}: every Service that a Rollout names is there and selects its Pods`, async (t) => {
    for (const rollout of manifests.filter((object) => at(object, 'kind') === 'Rollout')) {
      const { canary, blueGreen } = Object(at(rollout, 'spec', 'strategy'));
      const wanted = [canary, blueGreen]
        .flatMap((strategy) =>
          ['canaryService', 'stableService', 'activeService', 'previewService'].map((key) => text(strategy, key)),
        )
        .filter((name) => name !== '');
      t.equal(wanted.length, 2);
      for (const name of wanted) {
        const service = manifests.find((one) => at(one, 'kind') === 'Service' && at(one, 'metadata', 'name') === name);
        t.same(at(service, 'spec', 'selector'), at(rollout, 'spec', 'selector', 'matchLabels'), name);
        t.same(at(service, 'spec', 'selector'), at(rollout, 'spec', 'template', 'metadata', 'labels'), name);
      }
    }
  });

  t.test(
    `${folder}: its configuration listens, answers probes and drains as the base Deployment wants it`,
    async (t) => {
      const config = parseConfig(file, `${folder}/headgate.yaml`);
      const deployment = only(kustomization('config/kubernetes/base'), 'Deployment');
      const pod = at(deployment, 'spec', 'template', 'spec');
      t.same(
        [config.listen[0], config.admin].map((one) => one && { address: one.address, port: one.port }),
        list(pod, 'containers', 0, 'ports').map((port) => ({ address: '0.0.0.0', port: at(port, 'containerPort') })),
      );
      const grace = Number(at(pod, 'terminationGracePeriodSeconds')) * 1000;
      t.ok(grace >= config.drain.delay + config.drain.timeout + 5_000);
    },
  );

  t.test(`${folder}: no manifest fixes the namespace that the kustomization gives`, async (t) => {
    for (const object of manifests) t.equal(at(object, 'metadata', 'namespace'), undefined);
  });

  t.test(`${folder}: every query of its AnalysisTemplates asks for series and labels that Headgate has`, async (t) => {
    const queries = manifests
      .filter((object) => at(object, 'kind') === 'AnalysisTemplate')
      .flatMap((object) => list(object, 'spec', 'metrics'))
      .flatMap((metric) => text(metric, 'provider', 'prometheus', 'query') || []);
    for (const query of queries) {
      const series = [...query.matchAll(/\b((?:headgate|http)_\w+)(?:\{([^[]*)\})?\[/g)];
      t.ok(series.length > 0, query);
      for (const [, name = '', matchers = ''] of series) {
        t.ok(SAMPLES.includes(name), name);
        t.ok(!name.startsWith('http_') || parseConfig(file, folder).metrics.httpAlias, 'metrics.httpAlias');
        for (const [, label = ''] of matchers.matchAll(/(\w+)=~?"/g)) t.ok(LABELS.includes(label), label);
      }
    }
  });
}
