import { readdirSync, readFileSync } from 'node:fs';
import { constants, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import type { FamilyHead, SampleWriter } from './family.ts';

/** How often the lag of the main thread's event loop is sampled: 10 times a second hardly wakes an idle process. */
const LAG_RESOLUTION_MS = 100;
/** Seconds. */
const GC_BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5];
const GC_KINDS: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);
const NO_LABELS = {};
const [MAJOR, MINOR, PATCH] = process.versions.node.split('.');
const VERSION = { version: process.version, major: MAJOR, minor: MINOR, patch: PATCH };

/** Collections of one kind. */
interface Collections {
  readonly labels: { readonly kind: string };
  readonly cumulative: number[];
  sum: number;
}

/**
 * The process and its Node.js: CPU, memory, descriptors; event loop, heap and garbage collection of the main thread. Names and meanings are
 * those of prom-client, which dashboards know, less what it takes from undocumented functions. Its own 88 modules cost 7 MB and 60 ms of a start.
 */
export class RuntimeMetrics {
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  readonly #collections = new Map<string, Collections>();

  constructor() {
    this.#lag.enable();
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.#note(entry);
    }).observe({ entryTypes: ['gc'] });
  }

  async write(out: SampleWriter): Promise<void> {
    const before = performance.now();
    await nextTurn();
    const turn = (performance.now() - before) / 1000;
    writeCpu(out);
    writeMemory(out);
    writeDescriptors(out);
    this.#writeLag(turn, out);
    writeResources(out);
    writeHeap(out);
    single(gauge('nodejs_version_info', 'Node.js version info.'), 1, out, VERSION);
    this.#writeCollections(out);
  }

  #note(entry: PerformanceEntry): void {
    const detail: unknown = 'detail' in entry ? entry.detail : null;
    const { duration } = entry;
    const kind =
      typeof detail === 'object' && detail !== null && 'kind' in detail ? GC_KINDS.get(detail.kind) : undefined;
    if (kind === undefined) return;
    let collections = this.#collections.get(kind);
    if (collections === undefined) {
      collections = { labels: { kind }, cumulative: Array(GC_BOUNDS.length + 1).fill(0), sum: 0 };
      this.#collections.set(kind, collections);
    }
    const seconds = duration / 1000;
    const { cumulative } = collections;
    collections.sum += seconds;
    for (let i = 0; i < cumulative.length; i += 1) {
      if (seconds <= (GC_BOUNDS[i] ?? Number.POSITIVE_INFINITY)) cumulative[i] = (cumulative[i] ?? 0) + 1;
    }
  }

  #writeCollections(out: SampleWriter): void {
    const help = 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.';
    out.begin({ name: 'nodejs_gc_duration_seconds', help, type: 'histogram' });
    for (const { labels, cumulative, sum } of this.#collections.values()) {
      out.labels(labels);
      out.histogram({ bounds: GC_BOUNDS, cumulative, sum, native: null });
    }
    out.end();
  }

  /** Since the last scrape. @param turn seconds that the event loop took for a turn now */
  #writeLag(turn: number, out: SampleWriter): void {
    single(gauge('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.'), turn, out);
    const lag = this.#lag;
    const values: readonly [name: string, help: string, nanoseconds: number][] = [
      ['min', 'The minimum recorded event loop delay.', lag.min],
      ['max', 'The maximum recorded event loop delay.', lag.max],
      ['mean', 'The mean of the recorded event loop delays.', lag.mean],
      ['stddev', 'The standard deviation of the recorded event loop delays.', lag.stddev],
      ['p50', 'The 50th percentile of the recorded event loop delays.', lag.percentile(50)],
      ['p90', 'The 90th percentile of the recorded event loop delays.', lag.percentile(90)],
      ['p99', 'The 99th percentile of the recorded event loop delays.', lag.percentile(99)],
    ];
    // Without a sample the least is the greatest number that there is.
    const any = lag.count > 0;
    for (const [name, help, nanoseconds] of values) {
      single(gauge(`nodejs_eventloop_lag_${name}_seconds`, help), any ? nanoseconds / 1e9 : 0, out);
    }
    lag.reset();
  }
}

function writeCpu(out: SampleWriter): void {
  const { user, system } = process.cpuUsage();
  const seconds: readonly [name: string, help: string, microseconds: number][] = [
    ['process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.', user],
    ['process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.', system],
    ['process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', user + system],
  ];
  for (const [name, help, microseconds] of seconds) single({ name, help, type: 'counter' }, microseconds / 1e6, out);
  const started = Math.round(performance.timeOrigin / 1000);
  single(gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.'), started, out);
}

function writeMemory(out: SampleWriter): void {
  const status = linuxFile('status');
  const size = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  const resident = status === '' ? process.memoryUsage.rss() : size('VmRSS');
  single(gauge('process_resident_memory_bytes', 'Resident memory size in bytes.'), resident, out);
  if (status === '') return;
  single(gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.'), size('VmSize'), out);
  single(gauge('process_heap_bytes', 'Process heap size in bytes.'), size('VmData'), out);
}

function writeDescriptors(out: SampleWriter): void {
  const [, most] = /^Max open files\s+(\d+)/m.exec(linuxFile('limits')) ?? [];
  if (most === undefined) return;
  const open = openFiles();
  if (open !== null) single(gauge('process_open_fds', 'Number of open file descriptors.'), open, out);
  single(gauge('process_max_fds', 'Maximum number of open file descriptors.'), Number(most), out);
}

function writeResources(out: SampleWriter): void {
  const help =
    'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.';
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  out.begin(gauge('nodejs_active_resources', help));
  for (const [type, count] of counts) {
    out.labels({ type });
    out.value(count);
  }
  out.end();
}

function writeHeap(out: SampleWriter): void {
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  single(gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.'), heapTotal, out);
  single(gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.'), heapUsed, out);
  single(gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.'), external, out);
  const spaces = getHeapSpaceStatistics().map((space) => ({
    labels: { space: space.space_name.replace(/_space$/, '') },
    total: space.space_size,
    used: space.space_used_size,
    available: space.space_available_size,
  }));
  for (const which of ['total', 'used', 'available'] as const) {
    const name = `nodejs_heap_space_size_${which}_bytes`;
    out.begin(gauge(name, `Process heap space size ${which} from Node.js in bytes.`));
    for (const space of spaces) {
      out.labels(space.labels);
      out.value(space[which]);
    }
    out.end();
  }
}

/** Null when none is left to count them with. */
function openFiles(): number | null {
  try {
    // One of them is that of the reading itself.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}

/** Empty where there is no Linux, or no descriptor is left. */
function linuxFile(name: 'status' | 'limits'): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function gauge(name: string, help: string): FamilyHead {
  return { name, help, type: 'gauge' };
}

function single(head: FamilyHead, value: number, out: SampleWriter, labels: object = NO_LABELS): void {
  out.begin(head);
  out.labels(labels);
  out.value(value);
  out.end();
}
