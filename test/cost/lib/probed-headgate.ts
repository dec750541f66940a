import { get } from 'node:http';
import type { HeapProfiler } from 'node:inspector';
import { join } from 'node:path';
import type { Child } from '../../../bench/children.ts';
import type { Figures } from './figures.ts';
import type { Context } from './scenario.ts';
import { type SteadyOptions, startSteadyHeadgate } from './steady-headgate.ts';

const PROBE = join(import.meta.dirname, 'probe.ts');

/** A Headgate that can be asked what its worker allocates. */
export class ProbedHeadgate {
  readonly port: number;
  readonly child: Child;
  readonly #socket: string;

  private constructor(child: Child, port: number, socket: string) {
    this.child = child;
    this.port = port;
    this.#socket = socket;
  }

  static async start(context: Context, options: SteadyOptions): Promise<ProbedHeadgate> {
    const socket = join(context.children.newFolder('probe'), 'socket');
    const environment = [`HEADGATE_COST_SOCKET=${socket}`] as const;
    const { child, port } = await startSteadyHeadgate(context, {
      ...options,
      node: ['--import', PROBE, ...(options.node ?? [])],
      environment,
    });
    return new ProbedHeadgate(child, port, socket);
  }

  figures(): Promise<Figures> {
    return this.#ask('/figures');
  }

  /** After a full collection. */
  collected(): Promise<Figures> {
    return this.#ask('/collect');
  }

  /** Who allocates while `work` goes on, what has been collected meanwhile included. */
  async profiled(work: () => Promise<unknown>): Promise<HeapProfiler.SamplingHeapProfileNode> {
    await this.#ask('/sample');
    await work();
    const { head }: HeapProfiler.SamplingHeapProfile = await this.#ask('/profile');
    return head;
  }

  #ask<T>(path: string): Promise<T> {
    return new Promise((resolve, reject) => {
      get({ socketPath: this.#socket, path, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => resolve(JSON.parse(body)));
        response.once('error', reject);
      }).once('error', reject);
    });
  }
}
