import t from 'tap';
import { type Manifest, ManifestError, parseManifest } from '../../src/sources/manifest.ts';

const service = (name: string) => `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\n`;

/** `place: message` of every problem. */
const problemsOf = ({ problems }: Manifest) => problems.map(({ place, message }) => `${place}: ${message}`);

/** Title and place of every object. */
const summary = (text: string) =>
  parseManifest(text, 'm.yaml').objects.map(({ title, placeOf }) => `${title} ${placeOf([])}`);

t.test('each document of a file is an object with its line', async (t) => {
  const text = `# two\n${service('a')}---\n${service('b')}---\n# nothing\n`;
  t.strictSame(summary(text), ['Service shop/a m.yaml:2', 'Service shop/b m.yaml:6']);
});

const item = (name: string) => `  - { apiVersion: v1, kind: Pod, metadata: { name: ${name} } }\n`;

t.test('a list is taken apart, with the line of each item', async (t) => {
  t.strictSame(summary(`apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b')}`), [
    'Pod default/a m.yaml:4',
    'Pod default/b m.yaml:5',
  ]);
});

t.test('the items of a typed list take its kind', async (t) => {
  const list = { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'a' } }] };
  const { objects, problems } = parseManifest(JSON.stringify(list), 'm.json');
  t.strictSame(objects[0]?.object, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
  t.strictSame(problems, []);
});

t.test('JSON is read, and a broken one is placed', async (t) => {
  t.strictSame(summary('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}'), ['Pod default/a m.yaml']);
  t.throws(() => parseManifest('{\n"apiVersion": "v1\n', 'm.json'), { message: /^m\.json:3:1: is not valid YAML/ });
});

const key = (apiVersion: string) =>
  parseManifest(`{"apiVersion":"${apiVersion}","kind":"Service","metadata":{"name":"a"}}`, 'm').objects[0]?.key;

t.test('the key tells groups apart and versions of one group not', async (t) => {
  t.not(key('v1'), key('serving.knative.dev/v1'));
  t.equal(key('argoproj.io/v1alpha1'), key('argoproj.io/v1'));
});

t.test('what is no Kubernetes object is a problem with its place, and the rest is used', async (t) => {
  const text = `- a\n---\nkind: Pod\n---\napiVersion: v1\n---\napiVersion: v1\nkind: Pod\n---\n${service('a')}`;
  const manifest = parseManifest(text, 'm.yaml');
  t.strictSame(problemsOf(manifest), [
    'm.yaml:1: is not a Kubernetes object: it is not a map',
    'm.yaml:3: is not a Kubernetes object: it has no apiVersion',
    'm.yaml:5: is not a Kubernetes object: it has no kind',
    'm.yaml:7: Pod has no metadata.name',
  ]);
  t.equal(manifest.objects.length, 1);
});

t.test('broken YAML is placed', async (t) => {
  const error = t.throws(() => parseManifest(`${service('a')}spec: [\n`, 'm.yaml'));
  t.ok(error instanceof ManifestError);
  t.match(error, { code: 'HEADGATE_MANIFEST_INVALID', message: /^m\.yaml:5:1: is not valid YAML: / });
  t.throws(() => parseManifest('a: 1\na: 2\n', 'm.yaml'), { message: /^m\.yaml:2:1: .*keys must be unique/ });
  t.throws(() => parseManifest('a: *b\n', 'm.yaml'), { message: /^m\.yaml:1: is not usable YAML: Unresolved alias/ });
});

t.test('an object that contains itself is a problem', async (t) => {
  const manifest = parseManifest('apiVersion: v1\nkind: Pod\nmetadata: &m { name: a, labels: *m }\n', 'm.yaml');
  t.strictSame(problemsOf(manifest), ['m.yaml:1: Pod default/a contains itself: an alias leads to what it stands in']);
});

t.test('merge keys are taken, as kubectl does', async (t) => {
  const { objects } = parseManifest('apiVersion: v1\nkind: Pod\nx: &x { name: a }\nmetadata: { <<: *x }\n', 'm.yaml');
  t.equal(objects[0]?.title, 'Pod default/a');
});

t.test('a value has the line of its key, and what is missing that of the thing around it', async (t) => {
  const text = `---\n${service('a')}spec:\n  ports:\n    - name: http\n      port: 80\n    - name: admin\n`;
  const [object] = parseManifest(text, 'm.yaml').objects;
  t.equal(object?.placeOf(['spec', 'ports']), 'm.yaml:6');
  t.equal(object?.placeOf(['spec', 'ports', 0, 'port']), 'm.yaml:8');
  t.equal(object?.placeOf(['spec', 'ports', 1, 'port']), 'm.yaml:9');
  t.equal(object?.placeOf(['status', 'phase']), 'm.yaml:2');
});

t.test('a value in an item of a list has its line, in JSON the item', async (t) => {
  const yaml = `apiVersion: v1\nkind: List\nitems:\n${item('a')}  -\n    apiVersion: v1\n    kind: Pod\n    metadata:\n      name: b\n`;
  t.equal(parseManifest(yaml, 'm.yaml').objects[1]?.placeOf(['metadata', 'name']), 'm.yaml:9');
  const json = '{"kind":"List","items":[{},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}]}';
  t.equal(parseManifest(json, 'm.json').objects[0]?.placeOf(['metadata', 'name']), 'm.json items[1]');
});
