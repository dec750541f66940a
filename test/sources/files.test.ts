import { mkdir, rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { FilesSource } from '../../src/sources/files.ts';
import { replaceFile } from '../lib/replace-file.ts';

const service = (name: string, port = 80) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: ${port} }] }\n`;

/** `place: message` of each problem. */
const problems = (source: FilesSource) => source.problems.map(({ place, message }) => `${place}: ${message}`);

const names = (snapshot: Snapshot | undefined) => snapshot?.services.map(({ name }) => name).join(' ');

/** A source of `paths` that has started; `next` waits for the snapshot after those it has given. */
async function started(t: Test, ...paths: string[]) {
  const source = new FilesSource(paths, 10);
  const snapshots: Snapshot[] = [];
  let wake: (() => void) | null = null;
  await source.start((snapshot) => {
    snapshots.push(snapshot);
    wake?.();
  });
  t.teardown(() => source.stop());
  const next = async (): Promise<Snapshot> => {
    for (;;) {
      const snapshot = snapshots.shift();
      if (snapshot !== undefined) return snapshot;
      await new Promise<void>((resolve) => {
        wake = resolve;
        // The source's own timer holds no process open.
        setTimeout(resolve, 1000);
      });
    }
  };
  return { source, snapshots, next };
}

t.test('files and folders are read, in the folder only manifests', async (t) => {
  const folder = t.testdir({
    one: {
      'a.yaml': service('a'),
      'b.yml': service('b'),
      'c.json': '{"apiVersion":"v1","kind":"Service","metadata":{"name":"c","namespace":"shop"}}',
      'kustomization.yaml': 'resources: [a.yaml]\n',
      'README.md': '# no manifest\n',
      '.hidden.yaml': service('hidden'),
      sub: { 'd.yaml': service('d') },
    },
    'e.txt': service('e'),
  });
  const { source, next } = await started(t, join(folder, 'one'), join(folder, 'e.txt'));
  t.equal(names(await next()), 'a b c e');
  t.strictSame(problems(source), []);
});

t.test('it is synced, and says when it last heard something, once start has resolved', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a') });
  const source = new FilesSource([folder], 10);
  t.notOk(source.synced);
  t.equal(source.lastEventAt, null);
  const before = Date.now();
  await source.start(() => undefined);
  t.ok(source.synced);
  t.ok((source.lastEventAt ?? 0) >= before);
  await source.stop();
});

t.test('at the first start a broken file is a problem and the rest is served', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a'), 'b.yaml': 'kind: [\n' });
  const { source, next } = await started(t, folder);
  t.equal(names(await next()), 'a');
  t.match(problems(source), [new RegExp(`^${folder}/b\\.yaml:2:1: is not valid YAML`)]);
  t.equal(source.problems.length, 1);
});

t.test('a file that breaks keeps its objects until it is repaired', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a'), 'b.yaml': service('b') });
  const { source, next } = await started(t, folder);
  await next();
  await replaceFile(join(folder, 'b.yaml'), 'kind: [\n');
  t.equal(names(await next()), 'a b');
  t.match(problems(source), [/b\.yaml:2:1: .*; what it held before is kept$/]);
  await replaceFile(join(folder, 'b.yaml'), service('c'));
  t.equal(names(await next()), 'a c');
  t.strictSame(problems(source), []);
});

t.test('files that come, change and go are followed', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a') });
  const { next } = await started(t, folder);
  t.equal(names(await next()), 'a');
  await replaceFile(join(folder, 'b.yaml'), service('b'));
  t.equal(names(await next()), 'a b');
  await replaceFile(join(folder, 'b.yaml'), service('b', 8080));
  t.match((await next()).services, [{}, { ports: [{ port: 8080 }] }]);
  await unlink(join(folder, 'a.yaml'));
  t.equal(names(await next()), 'b');
});

t.test('only what changed is applied again', async (t) => {
  const folder = t.testdir({ 'a.yaml': `${service('a')}---\n${service('b')}` });
  const { next } = await started(t, folder);
  const first = await next();
  await replaceFile(join(folder, 'a.yaml'), `${service('a')}---\n${service('b', 8080)}---\n${service('c')}`);
  const second = await next();
  t.equal(names(second), 'a b c');
  // An object that is applied is parsed anew.
  t.equal(second.services[0], first.services[0]);
  t.not(second.services[1], first.services[1]);
});

t.test('a file that is touched or commented changes nothing', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a') });
  const { source, next, snapshots } = await started(t, folder);
  await next();
  const before = source.lastEventAt ?? 0;
  await replaceFile(join(folder, 'a.yaml'), `# a comment\n${service('a')}`);
  while (source.lastEventAt === before) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(snapshots.length, 0);
});

t.test('an object in two files counts once, and is a problem', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a', 1), 'b.yaml': `${service('b')}---\n${service('a', 2)}` });
  const { source, next } = await started(t, folder);
  t.match((await next()).services, [{ name: 'a', ports: [{ port: 1 }] }, { name: 'b' }]);
  t.strictSame(problems(source), [
    `${folder}/b.yaml:6: Service shop/a is left out: it is in ${folder}/a.yaml:1 already`,
  ]);
  await unlink(join(folder, 'a.yaml'));
  t.match((await next()).services, [{ name: 'a', ports: [{ port: 2 }] }, { name: 'b' }]);
  t.strictSame(problems(source), []);
});

t.test('an object that the model does not understand is a problem of the snapshot', async (t) => {
  const folder = t.testdir({ 'a.yaml': `${service('a')}---\n${service('b').replace('80', 'x')}` });
  const { source, next } = await started(t, folder);
  const snapshot = await next();
  t.equal(names(snapshot), 'a');
  t.strictSame(snapshot.problems, [
    {
      place: `${folder}/a.yaml:9 Service shop/b`,
      message: 'cannot be understood and is left out: spec.ports[0].port must be a whole number, not "x"',
      remedy: 'write a whole number, without quotes',
    },
  ]);
  t.strictSame(problems(source), []);
});

t.test('the line of a problem moves with the file', async (t) => {
  const broken = service('a').replace('80', 'x');
  const folder = t.testdir({ 'a.yaml': broken });
  const { next } = await started(t, folder);
  t.match((await next()).problems, [{ place: `${folder}/a.yaml:4 Service shop/a` }]);
  await replaceFile(join(folder, 'a.yaml'), `# a comment\n${broken}`);
  t.match((await next()).problems, [{ place: `${folder}/a.yaml:5 Service shop/a` }]);
});

t.test('every problem says what to do about it', async (t) => {
  const folder = t.testdir({ m: { 'a.yaml': 'kind: [\n', 'b.yaml': 'kind: Pod\n' }, empty: {} });
  const { source } = await started(t, join(folder, 'm'), join(folder, 'empty'), join(folder, 'gone'));
  const remedies = new Map(source.problems.map(({ place, remedy }) => [place.replace(`${folder}/`, ''), remedy]));
  t.strictSame(Object.fromEntries(remedies), {
    'm/a.yaml:2:1': 'begin the lines of one map or list in the same column, and close every bracket and quote',
    'm/b.yaml:1': 'a manifest has apiVersion, kind and metadata.name; move anything else out of source.files',
    empty: 'put manifests directly into it, or name another folder in source.files',
    gone: 'put it there, or correct source.files',
  });
});

t.test('a link that leads nowhere is a problem of its own', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a') });
  await symlink('nowhere', join(folder, 'b.yaml'));
  const { source, next } = await started(t, folder);
  t.equal(names(await next()), 'a');
  t.strictSame(source.problems, [
    {
      place: `${folder}/b.yaml`,
      message: 'cannot be read: there is no such file',
      remedy: 'correct the link, or take it away',
    },
  ]);
});

t.test('a path that is not there is a problem, and is read when it comes', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'm');
  const { source, next } = await started(t, path);
  t.equal(names(await next()), '');
  t.strictSame(problems(source), [`${path}: cannot be read: there is no such file or folder`]);
  await mkdir(path);
  await next();
  t.strictSame(problems(source), [`${path}: the folder holds no *.yaml, *.yml or *.json file`]);
  await replaceFile(join(path, 'a.yaml'), service('a'));
  t.equal(names(await next()), 'a');
  t.strictSame(problems(source), []);
});

t.test('a configured folder that vanishes keeps what was read', async (t) => {
  const folder = t.testdir({ m: { 'a.yaml': service('a') } });
  const { source, next } = await started(t, join(folder, 'm'));
  await next();
  await rename(join(folder, 'm'), join(folder, 'gone'));
  t.equal(names(await next()), 'a');
  t.strictSame(problems(source), [
    `${folder}/m: cannot be read: there is no such file or folder; what it held before is kept`,
  ]);
});

t.test('a configured file that vanishes keeps what was read', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a') });
  const { source, next } = await started(t, join(folder, 'a.yaml'));
  await next();
  await unlink(join(folder, 'a.yaml'));
  t.equal(names(await next()), 'a');
  t.equal(source.problems.length, 1);
});

t.test('a mounted ConfigMap is followed through its swap of links', async (t) => {
  const folder = t.testdir({ '..one': { 'a.yaml': service('a') }, '..two': { 'a.yaml': service('b') } });
  await symlink('..one', join(folder, '..data'));
  await symlink('..data/a.yaml', join(folder, 'a.yaml'));
  const { next } = await started(t, folder);
  t.equal(names(await next()), 'a');
  await symlink('..two', join(folder, '..tmp'));
  await rename(join(folder, '..tmp'), join(folder, '..data'));
  t.equal(names(await next()), 'b');
});

t.test('after stop nothing is reported', async (t) => {
  const folder = t.testdir({ 'a.yaml': service('a') });
  const { source, next, snapshots } = await started(t, folder);
  await next();
  await source.stop();
  await replaceFile(join(folder, 'a.yaml'), service('b'));
  await new Promise((resolve) => setTimeout(resolve, 60));
  t.equal(snapshots.length, 0);
});
