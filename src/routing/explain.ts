import { hostPort } from '../common/host-port.ts';
import { describeMatch } from './describe-match.ts';
import { Decision, type Live, Matcher, type RequestView, roleName } from './match.ts';
import { RequestText } from './request-text.ts';
import type { EndpointMap, FallbackReason, HeaderRule, Route, RoutingTable, Target, Version } from './table.ts';

/** A request as a person writes it. */
export interface ExplainedRequest {
  readonly method: string;
  /** With or without a port; empty: none. */
  readonly host: string;
  /** With or without a query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Which version a request gets, and why. Plain data. */
export interface Explanation {
  readonly request: ExplainedRequest;
  /** Null: no route takes the request (404). */
  readonly route: { readonly name: string; readonly hosts: readonly string[]; readonly path: string } | null;
  /** Every rule of the route in order, the experiment header last. */
  readonly rules: readonly ExplainedRule[];
  /** The label of the rule that decided, or `weight`; null without a route. */
  readonly decidedBy: string | null;
  /** What gave the route's weights: a step, the controller, the pods that are there. Null: the configuration. */
  readonly because: string | null;
  /** What the request can come to: one, or several among which the weights (or turns) decide. Empty: 503, or 404. */
  readonly outcomes: readonly Outcome[];
}

interface ExplainedRule {
  readonly label: string;
  /** `x-canary = "true"`. */
  readonly condition: string;
  /** What it leads to, as the user names it. */
  readonly to: string;
  readonly result: 'matched' | 'not matched' | 'not reached';
  readonly why: string;
}

export interface Outcome {
  /** How much of such requests, in percent. */
  readonly percent: number;
  readonly chosen: ExplainedVersion;
  /** What answers; null: nobody is usable (503). */
  readonly served: ExplainedVersion | null;
  /** Set when `served` is not what was asked for. */
  readonly fallback: { readonly from: string; readonly to: string; readonly reason: FallbackReason } | null;
  /** What would answer if `chosen` could not, in order of preference. Empty: 503. */
  readonly otherwise: readonly ExplainedVersion[];
}

export interface ExplainedVersion {
  /** Its role; of a static one its name. */
  readonly role: string;
  readonly key: string;
  /** `host:port` of every usable endpoint. */
  readonly endpoints: readonly string[];
}

/**
 * Decides as the data plane does, on a matcher of its own, and says why. Weighted requests are not drawn: every version
 * with a share is an outcome.
 *
 * @param reasons by route, what gave the weights
 */
export function explain(
  table: RoutingTable,
  endpoints: EndpointMap,
  reasons: Readonly<Record<string, string>>,
  request: ExplainedRequest,
): Explanation {
  const view = new RequestText(request.host, request.path, request.headers);
  const matcher = matcherOf(table, endpoints);
  const decision = new Decision<Live>();
  matcher.decide(view, decision);
  const route = decision.route === null ? undefined : table.routes[matcher.routes.indexOf(decision.route)];
  if (route === undefined) return { request, route: null, rules: [], decidedBy: null, because: null, outcomes: [] };
  const { rules, target } = explainRules(route, view);
  return {
    request,
    route: { name: route.name, hosts: route.hosts, path: route.path },
    rules,
    decidedBy: decision.rule,
    because: reasons[route.name] ?? null,
    outcomes: target === null ? weightedOutcomes(route, endpoints) : targetOutcomes(route, endpoints, target),
  };
}

function matcherOf(table: RoutingTable, endpoints: EndpointMap): Matcher<Live> {
  return new Matcher(table, (_, version) => {
    const usable = isUsable(endpoints, version);
    return { usable, listed: usable };
  });
}

function isUsable(endpoints: EndpointMap, version: Version): boolean {
  return (endpoints[version.key]?.length ?? 0) > 0;
}

/** Each rule is asked alone, by the matcher itself, so that what is said here is what happens there. */
function explainRules(route: Route, view: RequestText): { rules: ExplainedRule[]; target: Target | null } {
  let target: Target | null = null;
  const rules: ExplainedRule[] = [];
  const add = (
    rule: Omit<ExplainedRule, 'result' | 'why'>,
    matches: () => boolean,
    why: (matched: boolean) => string,
  ) => {
    const reached = target === null;
    const matched = reached && matches();
    const result = matched ? 'matched' : reached ? 'not matched' : 'not reached';
    rules.push({ ...rule, result, why: reached ? why(matched) : 'an earlier rule decided' });
    return matched;
  };
  for (const rule of route.rules) {
    const about = { label: rule.label, condition: conditionOf(rule), to: rule.target.asked };
    const matches = () => decidesAlone({ ...route, rules: [rule], experiments: null }, view);
    if (add(about, matches, () => whatIsSent(rule.header, view))) target = rule.target;
  }
  const { experiments } = route;
  if (experiments !== null) {
    const { header } = experiments;
    const values = view.valuesOf(header);
    const found = experiments.values.find(([value]) => values.includes(value))?.[1];
    const about = {
      label: `header:${header}`,
      condition: `${header} names an experiment`,
      to: found?.asked ?? 'experiment',
    };
    const matches = () => decidesAlone({ ...route, rules: [] }, view);
    const why = (matched: boolean) =>
      `${whatIsSent(header, view)}${matched || values.length === 0 ? '' : ', which names no experiment'}`;
    if (add(about, matches, why)) target = found ?? null;
  }
  return { rules, target };
}

function decidesAlone(route: Route, view: RequestView): boolean {
  const decision = new Decision<Live>();
  matcherOf({ routes: [{ ...route, hosts: [], path: '/' }] }, {}).decide(view, decision);
  return decision.rule !== 'weight';
}

function conditionOf({ header, match }: HeaderRule): string {
  return `${header} ${describeMatch(match)}`;
}

function whatIsSent(header: string, view: RequestText): string {
  const values = view.valuesOf(header).map((value) => JSON.stringify(value));
  return values.length === 0 ? `the request has no ${header}` : `the request has ${header}: ${values.join(', ')}`;
}

function weightedOutcomes(route: Route, endpoints: EndpointMap): Outcome[] {
  const sum = route.split.reduce((total, { weight }) => total + weight, 0);
  return route.split
    .filter(({ weight }) => weight > 0)
    .flatMap(({ version, weight }) => outcome(route, endpoints, version, (weight / sum) * 100, null));
}

/** Versions of one target take turns, those that cannot answer left out while another can. */
function targetOutcomes(route: Route, endpoints: EndpointMap, target: Target): Outcome[] {
  const usable = target.versions.filter((index) => {
    const version = route.versions[index];
    return version !== undefined && isUsable(endpoints, version);
  });
  const taking = usable.length > 0 ? usable : target.versions.slice(0, 1);
  return taking.flatMap((index) => outcome(route, endpoints, index, 100 / taking.length, target));
}

function outcome(
  route: Route,
  endpoints: EndpointMap,
  index: number,
  percent: number,
  target: Target | null,
): Outcome[] {
  const version = route.versions[index];
  if (version === undefined) return [];
  const describe = (one: Version): ExplainedVersion => ({
    role: roleName(one),
    key: one.key,
    endpoints: (endpoints[one.key] ?? []).map(({ host, port }) => hostPort(host, port)),
  });
  const others = target?.fallback === false ? [] : version.fallback.flatMap((other) => route.versions[other] ?? []);
  const otherwise = others.filter((one) => isUsable(endpoints, one)).map(describe);
  const chosen = describe(version);
  const served = chosen.endpoints.length > 0 ? chosen : (otherwise[0] ?? null);
  let fallback: Outcome['fallback'] = null;
  // As the matcher does: of two fallbacks in a row the second is the one that counts.
  if (served !== null && served !== chosen) {
    fallback = { from: chosen.role, to: served.role, reason: 'no_endpoints' };
  } else if (served !== null && target !== null && target.reason !== null) {
    fallback = { from: target.asked, to: served.role, reason: target.reason };
  }
  return [{ percent, chosen, served, fallback, otherwise }];
}
