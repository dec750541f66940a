import { pod } from '../../control/cluster.ts';
import { pemPath } from '../../lib/certificates.ts';
import { App } from '../lib/app.ts';
import { type DocumentedQuery, documentedQueries } from '../lib/documents.ts';
import { Prometheus, type Sample } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

const STABLE = '6459f554f9';
const EXPERIMENT = 'demo-microservice-experiment';
const TEMPLATE = '5c5f8f5b9d';
const VERSION = /version="([^"{]*)"/g;
/** A histogram that is asked for as a whole, not by its buckets. */
const NATIVE = /_duration_seconds\{/;

/** Every query of README and docs, for the versions that it names, with traffic and without. */
export const scenario: Scenario = { name: 'documents', run };

async function run(context: Context): Promise<void> {
  const { check } = context;
  const queries = documentedQueries();
  const hashes = new Set(queries.flatMap(({ query }) => [...query.matchAll(VERSION)].map(([, hash = '']) => hash)));
  const [canary = ''] = hashes;
  check(
    'the documents have queries, and all are about one version',
    queries.length >= 4 && hashes.size === 1,
    [...hashes].join(),
  );

  const app = await App.start('app');
  const trial = await App.start('trial');
  app.errorShare = 0.2;
  trial.errorShare = 0.2;
  const [certificate, key] = [pemPath('expired.crt'), pemPath('expired.key')];
  const web = await Web.start(context, {
    stable: STABLE,
    canary,
    weight: 50,
    apps: { [STABLE]: app, [canary]: app },
    objects: [experiment(), pod(TEMPLATE, trial.port, `${EXPERIMENT}-experiment`)],
    listeners: [
      `{ address: 127.0.0.1, port: 0, tls: { certificates: [{ certificate: ${certificate}, key: ${key} }] } }`,
    ],
  });
  const targets = { headgate: [web.target] };
  const classic = await Prometheus.start(context, { targets });
  const native = await Prometheus.start(context, { targets, features: ['native-histograms'] });
  const scraped = (times: number) => Promise.all([classic.scraped(times), native.scraped(times)]);
  const queried = (query: string) => (NATIVE.test(query) ? native : classic).query(query);
  const ask = async (
    when: string,
    holds: (found: readonly Sample[], asked: DocumentedQuery) => boolean,
  ): Promise<void> => {
    for (const asked of queries) {
      const found = await queried(asked.query);
      check(
        `${when}: the query of ${asked.document} answers as it should`,
        holds(found, asked),
        described(found, asked),
      );
    }
  };

  await scraped(3);
  await ask(
    'without traffic',
    (found, asked) => found.length === 1 && (isRatio(asked) ? Number.isNaN(found[0]?.value) : true),
  );
  const requests = [
    new Requests(web.headgate.port, 50),
    new Requests(web.headgate.port, 50, { 'x-experiment': EXPERIMENT }),
  ];
  await scraped(6);
  const isShown = (found: readonly Sample[], asked: DocumentedQuery): boolean =>
    found.length === 1 &&
    (isRatio(asked) ? Math.abs((found[0]?.value ?? 0) - 0.2) < 0.05 : Number.isFinite(found[0]?.value));
  await ask('with traffic', isShown);
  await web.restart();
  await scraped(3);
  await ask('after a restart', isShown);
  for (const asked of queries.filter(({ query }) => query.match(VERSION))) {
    const found = await queried(asked.query.replaceAll(VERSION, 'version="7c9d8b6f54"'));
    check(
      `a version that is not there: the query of ${asked.document} answers nothing`,
      found.length === 0,
      described(found, asked),
    );
  }
  for (const one of requests) await one.stop();
  await Promise.all([app.close(), trial.close()]);
}

/** The share of something. */
function isRatio({ query }: DocumentedQuery): boolean {
  return /\) \/ sum\(/.test(query);
}

function described(found: readonly Sample[], { query }: DocumentedQuery): string {
  return `${JSON.stringify(found.map(({ labels, value }) => [labels, String(value)]))} for ${query}`;
}

function experiment(): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: EXPERIMENT, namespace: 'shop', uid: 'trial' },
    spec: { templates: [{ name: 'experiment' }] },
    status: { phase: 'Running', templateStatuses: [{ name: 'experiment', status: 'Running' }] },
  };
}
