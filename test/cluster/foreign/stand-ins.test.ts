import t from 'tap';
import { Skipped } from '../lib/skipped.ts';
import { withStandIns } from './stand-ins.ts';

const IMAGE = 'docker.io/library/node:24-alpine';
const options = { image: IMAGE, headgateImage: null };

const container = {
  name: 'shop',
  image: 'registry.test:5000/shop:v1.2',
  command: ['/bin/shop'],
  env: [{ name: 'APP_VERSION', value: 'of the shop' }],
  ports: [{ name: 'http', containerPort: 8080 }],
  resources: { limits: { memory: '16Mi' } },
};
const template = (spec: object) => ({
  metadata: { labels: { app: 'shop' }, annotations: { 'headgate.test/ready-after': '3000' } },
  spec: { containers: [container], ...spec },
});
const rollout = (spec: object = {}) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'shop' },
  spec: { replicas: 2, strategy: { canary: { steps: [{ setWeight: 10 }] } }, template: template(spec) },
});

t.test(
  'a container keeps its name and ports, and its version is the tag of the image that it stands for',
  async (t) => {
    const { spec } = withStandIns(rollout(), options) as { spec: ReturnType<typeof rollout>['spec'] };
    const [stood] = spec.template.spec.containers;
    t.match(stood, { name: 'shop', image: IMAGE, ports: container.ports, command: ['node', '/headgate-test/app.mjs'] });
    const values = Object.fromEntries((stood?.env ?? []).map(({ name, value }) => [name, value]));
    t.match(values, { APP_VERSION: 'v1.2', APP_PORTS: '8080', APP_READY_AFTER_MS: '3000' });
    t.notOk('limits' in (stood?.resources ?? {}), 'limits of an application are not those of Node');
  },
);

t.test('everything but the Pod template is as it was written', async (t) => {
  const changed = withStandIns(rollout(), options) as unknown as ReturnType<typeof rollout>;
  t.same(
    { ...changed, spec: { ...changed.spec, template: null } },
    { ...rollout(), spec: { ...rollout().spec, template: null } },
  );
  t.same(changed.spec.template.metadata, template({}).metadata);
});

t.test('volumes, accounts and nodes that an application asks for need not be there', async (t) => {
  const asks = { serviceAccountName: 'shop', nodeSelector: { disk: 'ssd' }, volumes: [{ name: 'secret', secret: {} }] };
  const { spec } = withStandIns(rollout(asks), options) as { spec: { template: { spec: Record<string, unknown> } } };
  t.same(
    Object.keys(spec.template.spec)
      .filter((key) => spec.template.spec[key] !== undefined)
      .sort(),
    ['containers', 'volumes'],
  );
  t.match(spec.template.spec['volumes'], [{ configMap: { name: 'headgate-test-app' } }]);
});

t.test('templates are found wherever they are: in Experiments, and in the Job of an analysis', async (t) => {
  const experiment = { kind: 'Experiment', spec: { templates: [{ name: 'one', template: template({}) }] } };
  t.match(JSON.stringify(withStandIns(experiment, options)), IMAGE);
  const job = { spec: { template: { spec: { containers: [container], restartPolicy: 'Never' } } } };
  const analysis = { kind: 'AnalysisTemplate', spec: { metrics: [{ name: 'job', provider: { job } }] } };
  const text = JSON.stringify(withStandIns(analysis, options));
  t.match(text, IMAGE);
  t.match(text, '"restartPolicy":"Never"');
});

t.test('Headgate keeps its manifest and takes the image that it is given; without one it is skipped', async (t) => {
  const spec = {
    serviceAccountName: 'headgate',
    containers: [{ name: 'headgate', image: 'headgate:0.1.0', args: ['serve'] }],
  };
  const deployment = { kind: 'Deployment', spec: { template: { spec } } };
  t.throws(() => withStandIns(deployment, options), Skipped);
  const changed = withStandIns(deployment, { image: IMAGE, headgateImage: 'mine/headgate:1' });
  t.same(JSON.parse(JSON.stringify(changed)), {
    kind: 'Deployment',
    spec: {
      template: { spec: { ...spec, containers: [{ name: 'headgate', image: 'mine/headgate:1', args: ['serve'] }] } },
    },
  });
});

t.test('what has no Pods is left alone', async (t) => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' }, spec: { ports: [{ port: 80 }] } };
  t.same(withStandIns(service, options), service);
});
