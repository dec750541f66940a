import { readFileSync } from 'node:fs';
import t from 'tap';
import { containerCommand, isHeadgate, tagOf } from './container-command.ts';
import type { Container } from './objects.ts';

const IMAGES = { app: '/app.mjs', headgate: { bin: '/b', dist: '/d', node_modules: '/n', 'package.json': '/p' } };

function commandOf(container: Container, folder: string) {
  const labels = { 'rollouts-pod-template-hash': '7d4f5ff45f' };
  const pod = { metadata: { name: 'shop-1', namespace: 'shop', labels }, spec: { containers: [container] } };
  const network = { ip: '10.244.1.7', enter: ['nsenter'] as const, remove: async () => {} };
  return containerCommand(IMAGES, { pod, network, folder }, container);
}

t.test('an image is Headgate by its last name, whatever the registry', async (t) => {
  const named = (image: string) => isHeadgate({ name: 'x', image });
  t.ok(['headgate', 'headgate:0.1.0', 'registry.test:5000/team/headgate:1'].every(named));
  t.notOk(['headgate-demo:1', 'headgate/shop:1', 'myheadgate'].some(named));
});

t.test('a tag is what follows the last colon behind the last slash', async (t) => {
  t.equal(tagOf('shop:v2'), 'v2');
  t.equal(tagOf('registry.test:5000/shop'), 'latest');
  t.equal(tagOf('registry.test:5000/shop:v1.0.2'), 'v1.0.2');
});

t.test('what is not told what to start starts what its image does', async (t) => {
  const last = (image: string) => commandOf({ name: 'x', image, args: ['--flag'] }, t.testdir()).args.slice(-2);
  t.same(last('prom/prometheus:v2.42.0'), ['prometheus', '--flag']);
  t.same(last('registry.test:5000/headgate'), ['bin/headgate', '--flag']);
  const { args } = commandOf({ name: 'x', image: 'node', command: ['node', 'x.js'], args: ['--flag'] }, t.testdir());
  t.same(args.slice(-3), ['node', 'x.js', '--flag']);
});

t.test('a Pod looks names up in its own namespace first', async (t) => {
  const folder = t.testdir();
  commandOf({ name: 'headgate', image: 'headgate' }, folder);
  t.match(readFileSync(`${folder}/resolv.conf`, 'utf8'), /^search shop\.svc\.cluster\.local svc/m);
  t.match(readFileSync(`${folder}/headgate.sh`, 'utf8'), `mount --bind ${folder}/resolv.conf`);
});

t.test('an application learns its Pod, its hash, its version and its ports', async (t) => {
  const container = { name: 'app', image: 'shop:v2', ports: [{ containerPort: 80 }, { containerPort: 9090 }] };
  const { args, env } = commandOf(container, t.testdir());
  t.same(args, [process.execPath, '/app.mjs']);
  t.match(env, { APP_PORTS: '80,9090', APP_POD: 'shop-1', APP_HASH: '7d4f5ff45f', APP_VERSION: 'v2' });
});

t.test(
  "Headgate's arguments get the values of its environment, and its volumes are mounted where the manifest says",
  async (t) => {
    const folder = t.testdir();
    const { args } = commandOf(
      {
        name: 'headgate',
        image: 'headgate:0.1.0',
        args: ['serve', '--namespace=$(POD_NAMESPACE)', '$(NOBODY)'],
        env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
        volumeMounts: [{ name: 'config', mountPath: '/etc/headgate' }],
      },
      folder,
    );
    t.same(args.slice(-5), ['node', 'bin/headgate', 'serve', '--namespace=shop', '$(NOBODY)']);
    const script = readFileSync(`${folder}/headgate.sh`, 'utf8');
    t.match(script, `mount --bind ${folder}/volumes/config ${folder}/root/etc/headgate`);
  },
);
