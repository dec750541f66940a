import { asList, asRecord } from '../common/records.ts';
import type { Report } from './report.ts';

const FILES = 'list manifest files or folders: [./manifests]';

/** A source is a cluster or files, and what is listed for it is something. */
export function checkSource(source: unknown, routes: unknown, report: Report): void {
  const { files, kubernetes } = asRecord(source);
  if (kubernetes !== undefined && files !== undefined) {
    report(
      ['source', 'files'],
      'objects come from kubernetes or from files, not from both',
      'remove one of them',
      'key',
    );
  } else if (source !== undefined && files === undefined && kubernetes === undefined) {
    report(['source'], 'names no source', 'write kubernetes: {} for a cluster, or files: [./manifests]');
  }
  if (Array.isArray(files) && files.length === 0) report(['source', 'files'], 'is empty', FILES);
  const { namespaces } = asRecord(kubernetes);
  if (Array.isArray(namespaces) && namespaces.length === 0) {
    report(['source', 'kubernetes', 'namespaces'], 'is empty', 'leave it out to read all namespaces');
  }
  for (const [index, namespace] of asList(namespaces).entries()) {
    if (asList(namespaces).indexOf(namespace) < index) {
      report(['source', 'kubernetes', 'namespaces', index], 'is listed twice', 'keep one of them');
    }
  }
  if (routes === undefined && source === undefined) {
    const remedy = 'write routes with versions, or a source: { kubernetes: {} } or { files: [...] }';
    report([], 'there are neither routes nor a source', remedy);
  }
  if (Array.isArray(routes) && routes.length === 0) {
    const remedy = source === undefined ? 'write at least one' : 'leave it out, and each Rollout gets a route';
    report(['routes'], 'is empty', remedy);
  }
}
