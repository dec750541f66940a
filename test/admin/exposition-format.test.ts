import t from 'tap';
import { expositionFormat } from '../../src/admin/exposition-format.ts';

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const TEXT = 'text/plain;version=0.0.4';

const CASES: readonly (readonly [name: string, accept: string, format: 'text' | 'protobuf'])[] = [
  ['no header field', '', 'text'],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  ['anything', '*/*', 'text'],
  ['Prometheus', 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'text'],
  [
    'Prometheus 2.42 with native histograms',
    `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,${TEXT};q=0.5,*/*;q=0.1`,
    'protobuf',
  ],
  [
    'Prometheus 3 with native histograms',
    `${PROTOBUF};q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,${TEXT};q=0.2,*/*;q=0.1`,
    'protobuf',
  ],
  [
    'names in other case, spaces and quotes',
    PROTOBUF.replaceAll(';', ' ; ').replace('delimited', '"delimited"').replace('application', 'Application'),
    'protobuf',
  ],
  ['protobuf alone', PROTOBUF, 'protobuf'],
  ['protobuf with an escaping', `${PROTOBUF};escaping=underscores`, 'protobuf'],
  ['protobuf ranked lower', `${PROTOBUF};q=0.4,${TEXT};q=0.5`, 'text'],
  ['protobuf ranked lower, and text by a wildcard', `${PROTOBUF};q=0.4,text/*;q=0.5`, 'text'],
  ['a low rank of text beside a high one of everything', `${PROTOBUF};q=0.4,*/*,text/plain;q=0.1`, 'protobuf'],
  [
    'a version of text that there is not, and everything',
    `${PROTOBUF};q=0.4,text/plain;version=1.0.0,*/*;q=0.1`,
    'protobuf',
  ],
  ['level, protobuf first', `${PROTOBUF},${TEXT}`, 'protobuf'],
  ['level, text first', `${TEXT},${PROTOBUF}`, 'text'],
  ['protobuf forbidden', `${PROTOBUF};q=0`, 'text'],
  ['protobuf forbidden, nothing else named', `${PROTOBUF};q=0.000,text/html`, 'text'],
  ['another message', PROTOBUF.replace('MetricFamily', 'Metric'), 'text'],
  ['another encoding', PROTOBUF.replace('delimited', 'text'), 'text'],
  ['protobuf without its parameters', 'application/vnd.google.protobuf', 'text'],
  ['a q that is no number', `${PROTOBUF};q=high`, 'text'],
  ['an empty q', `${PROTOBUF};q=`, 'text'],
  ['a q above 1', `${PROTOBUF};q=7,${TEXT}`, 'text'],
  ['nothing but separators', ',;=,;;q', 'text'],
];

for (const [name, accept, format] of CASES) {
  t.test(`${name}: ${format}`, async (t) => {
    t.equal(expositionFormat(accept), format);
  });
}
