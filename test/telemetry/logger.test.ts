import t from 'tap';
import { createLogger, type LoggerOptions } from '../../src/telemetry/logger.ts';

function setUp(level: LoggerOptions['level']) {
  const lines: string[] = [];
  const destination = {
    write: (line: string) => {
      lines.push(line);
    },
  };
  return { lines, logger: createLogger({ level, destination }) };
}

t.test('a line is JSON with the name of its level, ISO time, message and fields', async (t) => {
  const { lines, logger } = setUp('info');
  logger.warn({ port: 8080 }, 'port in use');
  const parsed = JSON.parse(lines[0] ?? '');
  t.match(parsed, { level: 'warn', port: 8080, msg: 'port in use' });
  t.equal(new Date(parsed.time).toISOString(), parsed.time);
  t.same(Object.keys(parsed), ['level', 'time', 'port', 'msg']);
});

t.test('each line of a worker has its number', async (t) => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', worker: 1, destination: { write: (line) => void lines.push(line) } });
  logger.info('serving');
  t.match(JSON.parse(lines[0] ?? ''), { level: 'info', worker: 1, msg: 'serving' });
});

t.test('what is below the level is not written', async (t) => {
  const { lines, logger } = setUp('warn');
  logger.info('no');
  logger.warn('yes');
  t.equal(lines.length, 1);
});

t.test('silent writes nothing', async (t) => {
  const { lines, logger } = setUp('silent');
  logger.fatal('no');
  t.same(lines, []);
});

t.test('an error is written with its message and stack', async (t) => {
  const { lines, logger } = setUp('info');
  logger.error({ err: new TypeError('boom') }, 'failed');
  t.match(JSON.parse(lines[0] ?? ''), { err: { type: 'TypeError', message: 'boom', stack: /TypeError: boom/ } });
});
