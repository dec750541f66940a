import { type Family, type FamilyHead, family, familyHeads } from './family.ts';
import {
  CONNECTION_REFUSALS,
  CONNECTIONS_ACCEPTED,
  CONNECTIONS_OPEN,
  CONNECTIONS_REFUSED_BASE,
  TABLE_GENERATION,
  TLS_HANDSHAKE_FAILURES,
} from './layout.ts';
import type { ProcessState } from './scrape.ts';

/** What is known of the process, its workers, its listeners and its source. `version`: Headgate's own. */
export function processFamilies(prefix: string, version: string): Family[] {
  const { counter, gauge } = familyHeads(prefix);
  return [
    perWorker(gauge('table_generation', 'Routing table that the worker applies.'), TABLE_GENERATION),
    perWorker(gauge('connections', 'Open connections of clients.'), CONNECTIONS_OPEN),
    perWorker(counter('connections_accepted_total', 'Connections accepted from clients.'), CONNECTIONS_ACCEPTED),
    refusals(
      counter(
        'connections_refused_total',
        'Connections of clients that were reset because a limit was reached, or could not be accepted.',
      ),
    ),
    perWorker(
      counter('tls_handshake_failures_total', 'Connections of clients that ended before their TLS handshake did.'),
      TLS_HANDSHAKE_FAILURES,
    ),
    single(counter('workers_restarted_total', 'Worker threads that died.'), (state) => state.workersRestarted),
    single(
      gauge(
        'problems',
        'Things in configuration and objects that do not work now; /api/table on the admin port lists them, and the log.',
      ),
      (state) => state.problems,
    ),
    family(
      gauge('tls_certificate_expiry_timestamp_seconds', 'When the certificate of a listener ends.'),
      ({ state }) => state.certificates,
      ([certificate, expires], out) => {
        out.labels({ certificate });
        out.value(expires / 1000);
      },
    ),
    single(gauge('source_synced', 'Whether the source has delivered all its objects.'), (state) =>
      Number(state.sourceSynced),
    ),
    single(
      gauge(
        'source_last_event_timestamp_seconds',
        'When something was last heard from the source. An API server says something about once a minute; files only when they change.',
      ),
      (state) => state.sourceLastEventSeconds,
    ),
    family(
      gauge('source_info', 'Where the objects come from: kubernetes, files, demo or none.'),
      ({ state }) => [state.sourceKind],
      (kind, out) => {
        out.labels({ kind });
        out.value(1);
      },
    ),
    single(
      gauge(
        'config_last_reload_successful',
        '1: the configuration was right when it was last read. 0: it had a mistake, and the one before stays in force.',
      ),
      (state) => Number(state.configReloadSuccessful),
    ),
    single(gauge('build_info', 'Version of Headgate and of the Node.js that runs it.'), () => 1, {
      version,
      node: process.version,
    }),
  ];
}

function perWorker(head: FamilyHead, slot: number): Family {
  return family(
    head,
    ({ workers }) => workers.entries(),
    ([worker, block], out) => {
      out.labels({ worker });
      out.value(block[slot] ?? 0);
    },
  );
}

function refusals(head: FamilyHead): Family {
  return family(
    head,
    ({ workers }) => workers.entries(),
    ([worker, block], out) => {
      for (const [index, reason] of CONNECTION_REFUSALS.entries()) {
        out.labels({ worker, reason });
        out.value(block[CONNECTIONS_REFUSED_BASE + index] ?? 0);
      }
    },
  );
}

function single(head: FamilyHead, read: (state: ProcessState) => number, labels: object = {}): Family {
  return family(
    head,
    ({ state }) => [state],
    (state, out) => {
      out.labels(labels);
      out.value(read(state));
    },
  );
}
