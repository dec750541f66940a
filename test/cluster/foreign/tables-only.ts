import { HeadgateDeployment } from '../lib/headgate-deployment.ts';
import { Skipped } from '../lib/skipped.ts';

/** A Headgate whose tables are looked at, while it has no requests to answer. */
export class TablesOnly extends HeadgateDeployment {
  /** @throws Skipped when it is asked for what requests would have counted */
  override ask(path: string): Promise<readonly string[]> {
    if (path === '/metrics')
      return Promise.reject(new Skipped('it counts requests, and none can reach a Pod from here'));
    return super.ask(path);
  }
}
