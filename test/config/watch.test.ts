import { rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError } from '../../src/config/config-error.ts';
import { type Loaded, loadConfig } from '../../src/config/load.ts';
import { ConfigWatcher } from '../../src/config/watch.ts';
import { replaceFile } from '../lib/replace-file.ts';

const text = (workers: number) =>
  `workers: ${workers}\nroutes: [{ versions: { a: { weight: 1, endpoints: ["127.0.0.1:3001"] } } }]\n`;

/** Watches a file; each call of `next` resolves with what the watcher reports next. */
async function watching(t: Test, path: string) {
  const reports: (Loaded | ConfigError)[] = [];
  let wake: (() => void) | null = null;
  const take = (report: Loaded | ConfigError) => {
    reports.push(report);
    wake?.();
  };
  const watcher = new ConfigWatcher(path, await loadConfig(path), { onChange: take, onError: take }, 10);
  watcher.start();
  t.teardown(() => watcher.stop());
  return {
    watcher,
    reports,
    next: async (): Promise<number | string> => {
      while (reports.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          // The poller's timer holds no process open.
          setTimeout(resolve, 1000);
        });
      }
      const report = reports.shift();
      return report instanceof ConfigError ? report.message : (report?.config.workers ?? -1);
    },
  };
}

t.test('a file that is written again is loaded again', async (t) => {
  const path = join(t.testdir({ 'h.yaml': text(1) }), 'h.yaml');
  const { next } = await watching(t, path);
  await replaceFile(path, text(2));
  t.equal(await next(), 2);
  await replaceFile(path, text(3));
  t.equal(await next(), 3);
});

t.test('a file that another one is renamed to is loaded again, as editors do', async (t) => {
  const folder = t.testdir({ 'h.yaml': text(1), 'h.yaml~': text(2) });
  const { next } = await watching(t, join(folder, 'h.yaml'));
  await rename(join(folder, 'h.yaml~'), join(folder, 'h.yaml'));
  t.equal(await next(), 2);
});

t.test('a folder that is swapped by symbolic link is seen, as Kubernetes updates a ConfigMap', async (t) => {
  const folder = t.testdir({ '..one': { 'h.yaml': text(1) }, '..two': { 'h.yaml': text(2) } });
  await symlink('..one', join(folder, '..data'));
  await symlink('..data/h.yaml', join(folder, 'h.yaml'));
  const { next } = await watching(t, join(folder, 'h.yaml'));
  await symlink('..two', join(folder, '..tmp'));
  await rename(join(folder, '..tmp'), join(folder, '..data'));
  t.equal(await next(), 2);
});

t.test('a broken file is reported once, and the repaired one is loaded', async (t) => {
  const path = join(t.testdir({ 'h.yaml': text(1) }), 'h.yaml');
  const { next, reports } = await watching(t, path);
  await replaceFile(path, text(0));
  t.equal(await next(), `${path}:1:10 workers: must be from 1 to 256, not 0`);
  await replaceFile(path, text(2));
  t.equal(await next(), 2);
  t.equal(reports.length, 0);
});

t.test('a file that goes is reported, and loaded when it is back', async (t) => {
  const path = join(t.testdir({ 'h.yaml': text(1) }), 'h.yaml');
  const { next } = await watching(t, path);
  await unlink(path);
  t.match(await next(), `${path}: cannot be read: there is no such file (`);
  await replaceFile(path, text(2));
  t.equal(await next(), 2);
});

t.test('a change between loading and watching is not missed', async (t) => {
  const path = join(t.testdir({ 'h.yaml': text(1) }), 'h.yaml');
  const loaded = await loadConfig(path);
  await replaceFile(path, text(12));
  const seen = new Promise<Loaded>((resolve, reject) => {
    const watcher = new ConfigWatcher(path, loaded, { onChange: resolve, onError: reject }, 10);
    watcher.start();
    t.teardown(() => watcher.stop());
    setTimeout(() => reject(new Error('not seen')), 10_000).unref();
  });
  const hold = setInterval(() => undefined, 100);
  t.equal((await seen).config.workers, 12);
  clearInterval(hold);
});

t.test('a file that is left alone is not loaded again', async (t) => {
  const path = join(t.testdir({ 'h.yaml': text(1) }), 'h.yaml');
  const { watcher, reports } = await watching(t, path);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await watcher.stop();
  t.equal(reports.length, 0);
});
