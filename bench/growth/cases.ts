import type { Shape } from './shape.ts';

/** One size of what grows. */
export interface Size {
  readonly name: string;
  readonly shape: Shape;
  /** How many of the routes get requests, in turn; 1 where it is left out. */
  readonly busy?: number;
}

/** What grows, the smallest size first. */
export interface Case {
  readonly name: string;
  readonly sizes: readonly Size[];
}

export const CASES: readonly Case[] = [
  ...(['host', 'suffix', 'path'] as const).map((by) => ({
    name: `routes by ${by}`,
    sizes: [
      { name: '1', shape: { by } },
      { name: '100', shape: { by, routes: 100 } },
      { name: '1,000', shape: { by, routes: 1_000 } },
      { name: '1,000, all of them asked for in turn', shape: { by, routes: 1_000 }, busy: 1_000 },
    ],
  })),
  {
    name: 'header rules of the route',
    sizes: [0, 1, 20].map((rules) => ({ name: String(rules), shape: { rules } })),
  },
  {
    name: 'values of the experiment header',
    sizes: [
      { name: '1', shape: { tokens: 1 } },
      { name: '1,000', shape: { tokens: 1_000 } },
    ],
  },
  {
    name: 'endpoints of a version',
    sizes: [
      { name: '2', shape: {} },
      { name: '100', shape: { endpoints: 100 } },
      { name: '5,000', shape: { endpoints: 5_000 } },
    ],
  },
  {
    name: 'endpoints of a version, while they start slowly',
    sizes: [
      { name: '2', shape: { slowStart: 3_600_000 } },
      { name: '5,000', shape: { endpoints: 5_000, slowStart: 3_600_000 } },
    ],
  },
  {
    name: 'idle versions of the route',
    sizes: [
      { name: '0', shape: {} },
      { name: '1,000', shape: { idle: 1_000 } },
    ],
  },
];
