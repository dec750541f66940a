import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../../../config/grafana/headgate.json');

/** What is chosen above a dashboard. */
export interface Selection {
  /** Regular expressions, as Grafana puts what is chosen into `=~"$namespace"`. */
  readonly namespace: string;
  readonly route: string;
}

/** What "All" stands for in both variables. */
export const ALL: Selection = { namespace: '.*', route: '.*' };

/** One query of the dashboard. */
export interface PanelQuery {
  /** Title of its panel and the query's letter in it: `p99 A`. */
  readonly place: string;
  readonly title: string;
  /** Writes the query as Grafana sends it. `$__rate_interval` is ten seconds: the tests scrape each second. */
  readonly promql: (selection?: Selection) => string;
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  }[];
}

/** The queries of `config/grafana/headgate.json`, in the order of its panels. */
export function panelQueries(): readonly PanelQuery[] {
  const { panels }: Dashboard = JSON.parse(readFileSync(FILE, 'utf8'));
  return panels.flatMap(({ id, title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({
      place: `panel ${id}, ${title} ${refId}`,
      title: `${title} ${refId}`,
      promql: ({ namespace, route } = ALL) =>
        expr.replaceAll('$namespace', namespace).replaceAll('$route', route).replaceAll('$__rate_interval', '10s'),
    })),
  );
}
