import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import { LOAD_CORE } from './cores.ts';

/** Paths of PEM files, the same for every peer. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants them. */
  readonly combined: string;
}

/** Makes a self-signed certificate for localhost with an ECDSA key (P-256). Needs openssl. */
export async function makeCertificate(children: Children): Promise<Certificate> {
  const folder = children.newFolder('certificate');
  const [certificate, key, combined] = [join(folder, 'tls.crt'), join(folder, 'tls.key'), join(folder, 'tls.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const files = ['-keyout', key, '-out', certificate];
  await children.finish('openssl', LOAD_CORE, 'openssl', ['req', '-x509', ...curve, ...name, ...files]);
  writeFileSync(combined, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  return { certificate, key, combined };
}
