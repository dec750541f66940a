import { readFile } from 'node:fs/promises';
import { nodeCrypto } from '../common/node-builtins.ts';

/** A file of the page, as it is sent. */
export interface DashboardFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** In quotes, as ETag and If-None-Match have it. */
  readonly etag: string;
}

const HTML = 'text/html; charset=utf-8';
const JS = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SVG = 'image/svg+xml';

/** What is asked for, where it lies and what it is. Nothing else is ever read. */
const FILES: Readonly<Record<string, readonly [url: () => string | URL, contentType: string]>> = {
  '/': own('index.html', HTML),
  '/dashboard/dashboard.css': own('dashboard.css', CSS),
  '/dashboard/icon.svg': own('icon.svg', SVG),
  '/dashboard/main.js': own('main.js', JS),
  '/dashboard/charts.js': own('charts.js', JS),
  '/dashboard/details.js': own('details.js', JS),
  '/dashboard/dom.js': own('dom.js', JS),
  '/dashboard/format.js': own('format.js', JS),
  '/dashboard/interval.js': own('interval.js', JS),
  '/dashboard/list.js': own('list.js', JS),
  '/dashboard/looks.js': own('looks.js', JS),
  '/dashboard/route.js': own('route.js', JS),
  '/dashboard/shown.js': own('shown.js', JS),
  '/dashboard/summary.js': own('summary.js', JS),
  '/dashboard/verdict.js': own('verdict.js', JS),
  '/dashboard/versions.js': own('versions.js', JS),
  '/dashboard/uplot.css': [() => import.meta.resolve('uplot/dist/uPlot.min.css'), CSS],
  '/dashboard/uplot.js': [() => import.meta.resolve('uplot/dist/uPlot.esm.js'), JS],
};

/** Read once. */
const read = new Map<string, Promise<DashboardFile>>();

/**
 * @param path of the request
 * @returns null: it is none of the page's
 * @throws what reading the file throws; nothing else depends on it, so a missing one costs the page and no more
 */
export function dashboardFile(path: string): Promise<DashboardFile> | null {
  const known = read.get(path);
  if (known !== undefined) return known;
  const place = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (place === undefined) return null;
  const [url, contentType] = place;
  const file = readFile(new URL(url())).then((body) => {
    const digest = nodeCrypto().createHash('sha256').update(body).digest('base64url').slice(0, 22);
    return { contentType, body, etag: `"${digest}"` };
  });
  read.set(path, file);
  file.catch(() => read.delete(path));
  return file;
}

/** A file of the folder beside this module: in the repository below `src`, in the package below `dist`. */
function own(name: string, contentType: string): readonly [() => URL, string] {
  return [() => new URL(`dashboard/${name}`, import.meta.url), contentType];
}
