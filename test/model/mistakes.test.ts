import t from 'tap';
import type { Parsed } from '../../src/model/parsed.ts';
import { parsePod } from '../../src/model/pod.ts';
import { parseRollout } from '../../src/model/rollout.ts';
import { parseService } from '../../src/model/service.ts';
import { pod, rollout, service } from '../routing/builders.ts';

/** `message (remedy)` of each problem. */
const told = (parsed: Parsed<unknown>) => parsed.problems.map(({ message, remedy }) => `${message} (${remedy})`);

const ofPorts = (...ports: object[]) => told(parseService(service('s', { ports })));
const ofSpec = (spec: Record<string, unknown>) => told(parseRollout(rollout({ spec })));

/** What is said of the steps of a Rollout that is understood, without the path that leads to them all. */
function ofSteps(steps: readonly unknown[], trafficRouting?: object): string[] {
  const parsed = parseRollout(rollout({ canary: { steps, ...(trafficRouting && { trafficRouting }) } }));
  return parsed.ok ? told(parsed).map((line) => line.replace('spec.strategy.canary.', '')) : ['cannot be understood'];
}

const KINDS = 'setWeight, pause, experiment, analysis, setCanaryScale, setHeaderRoute, setMirrorRoute, plugin';

t.test('a value of the wrong kind is told with what was found and how to write it', async (t) => {
  t.strictSame(ofSpec({ replicas: '4' }), [
    'spec.replicas must be a whole number, not "4" (write it without quotes: 4)',
  ]);
  t.strictSame(ofSpec({ replicas: 1.5 }), [
    'spec.replicas must be a whole number, not the number 1.5 (write a whole number, without quotes)',
  ]);
  t.strictSame(ofSpec({ strategy: { canary: { dynamicStableScale: 'yes' } } }), [
    'spec.strategy.canary.dynamicStableScale must be true or false, not "yes" (write true or false, without quotes)',
  ]);
  t.strictSame(ofSpec({ strategy: { canary: { steps: { setWeight: 5 } } } }), [
    'spec.strategy.canary.steps must be a list, not a map (begin each item with "- ")',
  ]);
  t.strictSame(ofSpec({ strategy: { canary: { stableService: 5 } } }), [
    'spec.strategy.canary.stableService must be a string, not the number 5 (write it in quotes: "5")',
  ]);
});

t.test('a label that YAML reads as a number is told with its quotes', async (t) => {
  t.strictSame(told(parsePod(pod({ n: 1, hash: 'a', labels: { 'app.kubernetes.io/version': 2 } }))), [
    'metadata.labels["app.kubernetes.io/version"] must be a string, not the number 2 (write it in quotes: "2")',
  ]);
});

t.test(
  'a value that may be of two kinds is told with both, or with what is wrong with the one that it has',
  async (t) => {
    t.match(ofPorts({ port: 80, targetPort: true }), [
      /^spec\.ports\[0\]\.targetPort must be a whole number or a string, not the boolean true /,
    ]);
    t.strictSame(ofPorts({ port: 80, targetPort: 70_000 }), [
      'spec.ports[0].targetPort must be from 1 to 65535, not 70000 (write the number of a TCP port)',
    ]);
  },
);

t.test('a name that is empty or not there is told so', async (t) => {
  t.strictSame(told(parseService({ metadata: { name: '' } })), ['metadata.name is empty (write a name)']);
  t.strictSame(told(parseService({ metadata: {} })), ['metadata.name is missing (it must be a string)']);
});

t.test('each mistake of an object is a problem of its own, with the path that leads to it', async (t) => {
  const parsed = parseRollout(rollout({ spec: { replicas: 'x', strategy: {} } }));
  t.equal(parsed.ok, false);
  t.strictSame(
    parsed.problems.map(({ place, path }) => [place, path]),
    [
      ['Rollout shop/web', ['spec', 'replicas']],
      ['Rollout shop/web', ['spec', 'strategy']],
    ],
  );
});

t.test('a Pod whose address is none cannot be understood: nobody looks a name up in its stead', async (t) => {
  const parsed = parsePod({ metadata: { name: 'p' }, status: { podIP: 'db.example.com' } });
  t.equal(parsed.ok, false);
  t.strictSame(told(parsed), [
    'status.podIP must be an IP address, not "db.example.com" (write the address of the Pod, such as 10.244.1.7)',
  ]);
  for (const podIP of ['10.0.0.1', 'fd00::7', '', null]) {
    t.equal(parsePod({ metadata: { name: 'p' }, status: { podIP } }).ok, true, String(podIP));
  }
});

t.test('a weight outside of its bounds is a problem, and the Rollout is understood all the same', async (t) => {
  t.strictSame(ofSteps([{ setWeight: 150 }, { setWeight: -1 }, { setWeight: 0 }, { setWeight: 100 }]), [
    'steps[0].setWeight must be from 0 to 100, not 150: the controller refuses it, Headgate takes it as 100 (write a weight from 0 to 100)',
    'steps[1].setWeight must be from 0 to 100, not -1: the controller refuses it, Headgate takes it as 0 (write a weight from 0 to 100)',
  ]);
  t.strictSame(ofSteps([{ setWeight: 150 }], { maxTrafficWeight: 1000 }), []);
});

t.test('a kind of step that is not known moves no traffic, and is told with what was meant', async (t) => {
  t.strictSame(ofSteps([{ setWieght: 5 }]), [
    'steps[0].setWieght is not a kind of step that Headgate knows: the step moves no traffic (did you mean setWeight?)',
  ]);
  const parsed = parseRollout(rollout({ canary: { steps: [{ setWieght: 5 }] } }));
  t.match(parsed, { value: { spec: { strategy: { steps: [{ kind: 'other' }] } } } });
});

t.test('a kind of step that a future controller knows may stay as it is', async (t) => {
  t.strictSame(ofSteps([{ telepathy: {} }]), [
    `steps[0].telepathy is not a kind of step that Headgate knows: the step moves no traffic (one of ${KINDS}; if your controller knows it, leave it)`,
  ]);
});

t.test('a step that says nothing, or several things, is a problem', async (t) => {
  t.strictSame(ofSteps([{}, { pause: null }, { setWeight: 5, pause: {} }, { pause: {}, analysis: {} }]), [
    `steps[0] says nothing to do (write one of ${KINDS})`,
    `steps[1] says nothing to do (write one of ${KINDS})`,
    'steps[2] says several things (setWeight, pause): the controller refuses it, Headgate follows setWeight (write a step for each)',
    'steps[3] says several things (pause, analysis): the controller refuses it, Headgate follows none of them (write a step for each)',
  ]);
});

t.test('a Rollout without mistakes has no problems', async (t) => {
  const steps = [{ setWeight: 5 }, { pause: {} }, { setCanaryScale: { weight: 5 } }, { setHeaderRoute: { name: 'h' } }];
  const other = [{ setMirrorRoute: {} }, { experiment: {} }, { analysis: {} }, { plugin: { name: 'p' } }];
  t.strictSame(ofSteps([...steps, ...other]), []);
});
