import t from 'tap';
import { isIdempotent, isSafe, Method, recogniseMethod } from '../../src/http1/method.ts';

function recognise(name: string): number {
  return recogniseMethod(Buffer.from(` ${name} `), 1, 1 + name.length);
}

t.test('every method is recognised, in capital letters only', async (t) => {
  for (const [name, method] of Object.entries(Method)) {
    t.equal(recognise(name), method, name);
    t.equal(recognise(name.toLowerCase()), Method.OTHER);
    t.equal(recognise(`${name.slice(0, -1)}X`), Method.OTHER);
  }
});

t.test('safe and idempotent methods are those of RFC 9110 9.2', async (t) => {
  const names = Object.entries(Method);
  t.same(
    names.filter(([, method]) => isSafe(method)).map(([name]) => name),
    ['GET', 'HEAD', 'OPTIONS', 'TRACE'],
  );
  t.same(
    names.filter(([, method]) => isIdempotent(method)).map(([name]) => name),
    ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'],
  );
});
