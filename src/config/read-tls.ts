import type { Path } from '../common/format-path.ts';
import { asList, asRecord } from '../common/records.ts';
import type { CertificateConfig } from './config.ts';
import type { PemReader } from './pem-reader.ts';
import { Refusal } from './refusal.ts';
import type { Report } from './report.ts';

/** The contents of the files that a configuration names for TLS. */
export interface TlsFiles {
  /** By index in `listen`, in the order written there. */
  readonly certificates: ReadonlyMap<number, readonly CertificateConfig[]>;
  /** PEM, by index in `routes`. */
  readonly authorities: ReadonlyMap<number, string>;
}

/**
 * Reads them all and reports what is wrong with any. Looks at the file as it was written, so that a mistake elsewhere hides
 * none of these; what is no text is left to the schema.
 *
 * @param place `headgate.yaml:12 listen.tls`, of a path
 */
export function readTls(raw: unknown, reader: PemReader, report: Report, place: (path: Path) => string): TlsFiles {
  const { listen, routes } = asRecord(raw);
  const certificates = new Map<number, readonly CertificateConfig[]>();
  const authorities = new Map<number, string>();
  const single = !Array.isArray(listen);
  for (const [index, one] of (single ? [listen] : asList(listen)).entries()) {
    const path: Path = [...(single ? ['listen'] : ['listen', index]), 'tls', 'certificates'];
    const pairs = asList(asRecord(asRecord(one)['tls'])['certificates']).map((pair, at) =>
      readPair(asRecord(pair), [...path, at], reader, report, place),
    );
    certificates.set(
      index,
      pairs.filter((pair) => pair !== null),
    );
  }
  for (const [index, route] of asList(routes).entries()) {
    const { ca } = asRecord(asRecord(route)['tls']);
    if (typeof ca !== 'string' || ca === '') continue;
    const text = attempt(() => reader.authorities(ca), ['routes', index, 'tls', 'ca'], report);
    if (text !== null) authorities.set(index, text);
  }
  return { certificates, authorities };
}

function readPair(
  pair: Readonly<Record<string, unknown>>,
  path: Path,
  reader: PemReader,
  report: Report,
  place: (path: Path) => string,
): CertificateConfig | null {
  const { certificate: certificatePath, key: keyPath } = pair;
  if (typeof certificatePath !== 'string' || certificatePath === '') return null;
  const found = attempt(() => reader.certificate(certificatePath), [...path, 'certificate'], report);
  if (typeof keyPath !== 'string' || keyPath === '') return null;
  const key = attempt(() => reader.key(keyPath, found?.text ?? null), [...path, 'key'], report);
  if (found === null || key === null) return null;
  return { place: place(path), file: certificatePath, certificate: found.text, key, ...found.facts };
}

function attempt<T>(read: () => T, path: Path, report: Report): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    report(path, error.message, error.remedy);
    return null;
  }
}
