/** Why Headgate accepts what nginx or HAProxy refuses; the names of cases with a reason in common. */
interface Reason {
  readonly cases: readonly string[];
  readonly why: string;
}

const REASONS: readonly Reason[] = [
  {
    cases: ['an HTAB before chunked', 'spaces and HTABs around chunked', 'an HTAB before the length'],
    why: 'HTAB is optional whitespace like SP (RFC 9110 5.6.3). What is sent on has one SP, so no upstream has to know it.',
  },
  {
    cases: ['chunked in OPTIONS *', 'OPTIONS * with a body', '* with OPTIONS is accepted'],
    why: '`OPTIONS *` is a request like any other (RFC 9112 3.2.4), and may have a body (RFC 9110 9.3.7).',
  },
  {
    cases: ['a method in lower case', 'a method of symbols', 'a method of digits'],
    why: 'A method is a case-sensitive token, and the application knows its own (RFC 9110 9.1). It frames nothing: a body is where the fields say.',
  },
  {
    cases: ['a target with dot segments', 'a target with encoded dot segments'],
    why: 'A target is passed on as it came (RFC 9110 7.7 lets no proxy rewrite path or query). Routes are chosen by the literal path; no route is a wall between paths.',
  },
  {
    cases: ['a target with an encoded NUL', 'a target with a broken escape', 'a target with half an escape'],
    why: 'Escapes are not decoded here, for routing neither, so nothing can come of them but what the application makes of its own target.',
  },
  {
    cases: [
      'an absolute-form with another Host',
      'an absolute-form with another port',
      'absolute-form is accepted',
      'absolute-form with https is accepted',
      'absolute-form with a query and no path is accepted',
      'absolute-form with an IPv6 address is accepted',
    ],
    why: "The authority of an absolute-form target replaces Host (RFC 9112 3.2.2: it MUST). It is what routes are chosen by and what the upstream gets; the client's Host is checked, and gone.",
  },
  {
    cases: ['a field of 9 KiB', 'a field name of 1 KiB'],
    why: 'The head as a whole is bounded (`limits.headerBytes`, 16 KiB); a bound for single fields would protect nothing more.',
  },
  {
    cases: ['a Host that is a dot', 'a Host with two dots'],
    why: 'A reg-name of RFC 3986 3.2.2. Hosts are compared as a whole; one that no route names meets only routes for every host.',
  },
  {
    cases: ['a field name with an underscore', 'a name may hold every token character'],
    why: 'They are names (RFC 9110 5.6.2), and the application has a use for them. Dropped are those that CGI and its like take for a field that frames or vouches: `Content_Length`, `Transfer_Encoding`, `X_Forwarded_*`, `X_Real_IP`.',
  },
  {
    cases: [
      'Expect: 100-continue in a GET',
      'Expect: 100-continue with a chunked body',
      'Expect: 100-continue is accepted in any case',
    ],
    why: 'The expectation goes end to end, and the application answers it (RFC 9110 10.1.1); nginx answers it before it has asked.',
  },
  {
    cases: ['Expect: 100-continue twice'],
    why: 'Expect is a list (RFC 9110 10.1.1), and every member is the one expectation that there is.',
  },
  {
    cases: ['an upgrade in HTTP/1.0', 'an upgrade in a POST without a body', 'Upgrade is accepted'],
    why: 'HAProxy wants the fields of a WebSocket handshake. Headgate knows no protocol by name: the application refuses what it does not like, and HTTP/1.0 has no Upgrade (RFC 9110 7.8).',
  },
];

/** By the case's name. */
export const LAXER: ReadonlyMap<string, string> = new Map(
  REASONS.flatMap(({ cases, why }) => cases.map((name): [string, string] => [name, why])),
);
