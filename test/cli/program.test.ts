import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startHeadgate } from './process.ts';
import { headgate, ROOT } from './run.ts';

t.test('--help shows the commands, examples and exit codes', async (t) => {
  const { code, stdout, stderr } = await headgate('--help');
  t.equal(code, 0);
  t.equal(stderr, '');
  for (const word of ['serve', 'check', 'explain', 'demo', 'Examples:', 'Exit codes:']) t.match(stdout, word);
});

t.test('every command has a help of its own', async (t) => {
  for (const command of ['serve', 'check', 'explain', 'demo']) {
    const { code, stdout } = await headgate(command, '--help');
    t.equal(code, 0, command);
    t.match(stdout, new RegExp(`^Usage: headgate ${command} `), command);
  }
});

t.test('--version is that of the package', async (t) => {
  const manifest: unknown = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  t.match(manifest, { version: (await headgate('--version')).stdout.trim() });
});

t.test('no command at all is a mistake that shows the help', async (t) => {
  const { code, stdout, stderr } = await headgate();
  t.equal(code, 2);
  t.equal(stdout, '');
  t.match(stderr, /^Usage: headgate/);
});

t.test('a file without --config is told how to name it', async (t) => {
  const hint = '(did you mean --config my.yaml?)\n';
  for (const command of ['check', 'serve', 'explain']) {
    const { code, stderr } = await headgate(command, 'my.yaml');
    t.strictSame({ code, hinted: stderr.endsWith(hint) }, { code: 2, hinted: true }, command);
  }
  t.notMatch((await headgate('check', 'my.yaml', '--config', 'other.yaml')).stderr, 'did you mean');
  t.notMatch((await headgate('demo', 'my.yaml')).stderr, 'did you mean');
});

t.test('a wrong command line says what is wrong, with exit code 2', async (t) => {
  const cases: readonly (readonly [args: string[], message: RegExp])[] = [
    [['sevre'], /unknown command 'sevre'\n\(Did you mean serve\?\)/],
    [['check'], /Give --config <file>, or --kubernetes/],
    [['check', '--config'], /argument missing/],
    [['check', '-c', 'x', '--stric'], /unknown option '--stric'\n\(Did you mean --strict\?\)/],
    [['demo', '--port', '70000'], /A port is a number from 0 to 65535/],
    [['demo', '--port', '-1'], /A port is a number from 0 to 65535/],
    [['demo', '--traffic', '0'], /Requests a second are a whole number from 1 to 2000/],
    [['demo', '--traffic', '2001'], /Requests a second are a whole number from 1 to 2000/],
    [['explain', '-c', 'x', '-H', 'x-canary'], /Write 'name: value'/],
    [['explain', '-c', 'x', '-H', 'x canary: true'], /Write 'name: value'/],
    [['explain', '-c', 'x', '--path', 'orders'], /A path begins with "\/"/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await headgate(...args);
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '');
    t.match(stderr, message);
  }
});

t.test('a reader that goes away ends a command quietly, with the exit code that it would have had', async (t) => {
  for (const [args, code] of [
    [['check', '--config', 'config/headgate.yaml'], 0],
    [['--help'], 0],
    [['serve'], 2],
  ] as const) {
    const command = startHeadgate(t, ...args);
    command.child.stdout?.destroy();
    t.strictSame(await command.exit, { code, signal: null }, args.join(' '));
    t.notMatch(command.stderr, /EPIPE/);
  }
});

t.test('an output that is full is told in one line, with exit code 1', async (t) => {
  const { status, stderr } = spawnSync('bash', ['-c', `"${process.execPath}" bin/headgate --help > /dev/full`], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  t.equal(status, 1);
  t.match(stderr, /^headgate: standard output cannot be written to \(ENOSPC[^\n]+\n$/);
});
