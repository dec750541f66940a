import type { Certificate } from './certificate.ts';
import type { Children } from './children.ts';
import type { Product } from './peers/peer.ts';
import type { BenchVersion } from './routing.ts';

/** What every section gets: one upstream, one certificate, and what the arguments say. */
export interface Setting {
  readonly children: Children;
  readonly versions: readonly BenchVersion[];
  readonly certificate: Certificate;
  readonly peers: readonly Product[];
  readonly rounds: number;
  readonly seconds: number;
}

/** A target, and whether it was met: a row of the first table. */
export interface TargetRow {
  readonly what: string;
  /** The bound, in words. */
  readonly toBeat: string;
  /** With its spread. */
  readonly measured: string;
  readonly met: boolean;
}

export interface SectionResult {
  /** Without the heading. */
  readonly markdown: string;
  readonly targets: readonly TargetRow[];
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}

/** A part of the report. */
export interface Section {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  run(setting: Setting): Promise<SectionResult>;
}
