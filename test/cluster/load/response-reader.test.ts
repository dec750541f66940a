import t from 'tap';
import { type Response, ResponseError, ResponseReader } from './response-reader.ts';

/** Reads the same bytes whole and one by one. */
function read(text: string): readonly (Response | null)[] {
  const bytes = Buffer.from(text, 'latin1');
  const whole = new ResponseReader().push(bytes);
  const reader = new ResponseReader();
  let piecewise: Response | null = null;
  for (const byte of bytes) piecewise = reader.push(Buffer.from([byte]));
  return [whole, piecewise];
}

t.test('a response ends where its framing says, however its bytes arrive', async (t) => {
  const cases: readonly (readonly [string, number, string])[] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 'hello'],
    ['HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\na: b\r\n\r\n', 200, 'hello'],
    ['HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n', 404, ''],
  ];
  for (const [text, status, body] of cases) {
    for (const response of read(text)) {
      t.match(response, { status, persistent: true });
      t.equal(response?.body.toString(), body);
    }
  }
});

t.test('a response without a length ends with its connection, which carries no other', async (t) => {
  const reader = new ResponseReader();
  t.equal(reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhel')), null);
  t.equal(reader.push(Buffer.from('lo')), null);
  const response = reader.end();
  t.equal(response?.body.toString(), 'hello');
  t.equal(response?.persistent, false);
});

t.test('a response that its connection cuts is none', async (t) => {
  for (const text of ['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi']) {
    const reader = new ResponseReader();
    t.equal(reader.push(Buffer.from(text)), null);
    t.equal(reader.end(), null);
  }
  const chunked = new ResponseReader();
  t.equal(chunked.push(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n')), null);
  t.equal(chunked.end(), null);
});

t.test('close in connection ends the connection', async (t) => {
  for (const connection of ['close', 'Close', 'x-a, close']) {
    const [response] = read(`HTTP/1.1 200 OK\r\nconnection: ${connection}\r\ncontent-length: 0\r\n\r\n`);
    t.equal(response?.persistent, false);
  }
});

t.test('what a proxy must not send is an error', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\n';
  for (const text of [
    'HTTP/2 200\r\n\r\n',
    `${head}no field\r\n\r\n`,
    `${head}name : value\r\n\r\n`,
    `${head}content-length: 1x\r\n\r\n`,
    `${head}content-length: 0\r\n\r\nx`,
    `${head}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n`,
    `${head}transfer-encoding: gzip\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\nx\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`,
  ]) {
    t.throws(() => read(text), ResponseError, text);
  }
});

t.test('a pipelined response leaves what follows it', async (t) => {
  const reader = new ResponseReader({ pipelined: true });
  const response = reader.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 404'));
  t.equal(response?.body.toString(), 'ok');
  t.equal(reader.rest.toString(), 'HTTP/1.1 404');
});

t.test('the answer to HEAD has no body, whatever its fields say', async (t) => {
  const reader = new ResponseReader({ head: true });
  t.equal(reader.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'))?.body.length, 0);
});

t.test('103 is counted and is no answer; 101 is one, and what follows is not HTTP', async (t) => {
  const reader = new ResponseReader({ pipelined: true });
  t.equal(reader.push(Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n')), null);
  t.equal(reader.interims, 1);
  t.equal(reader.push(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n\0tunnel'))?.status, 101);
  t.equal(reader.rest.toString(), '\0tunnel');
});
