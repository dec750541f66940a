import { CHUNKED_CASES } from '../http1/chunked-cases.ts';
import { REQUEST_CASES } from '../http1/request-cases.ts';
import { CHUNK_GROUPS } from './chunk-cases.ts';
import { type CaseGroup, group } from './compare-case.ts';
import { FRAMING_GROUPS } from './framing-cases.ts';
import { HOP_GROUPS } from './hop-cases.ts';
import { SYNTAX_GROUPS } from './syntax-cases.ts';

const CHUNKED_POST = 'POST /form HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n';

/** What clients send, from the ordinary to the hostile. */
export const REQUEST_GROUPS: readonly CaseGroup[] = [
  ...FRAMING_GROUPS,
  ...CHUNK_GROUPS,
  ...SYNTAX_GROUPS,
  ...HOP_GROUPS,
  group(
    'The cases of test/http1/request-cases.ts',
    REQUEST_CASES.map(({ name, bytes }) => [name, bytes]),
  ),
  group(
    'The cases of test/http1/chunked-cases.ts',
    CHUNKED_CASES.map(({ name, bytes }) => [`chunked: ${name}`, CHUNKED_POST + bytes]),
  ),
];
