import { BROWSER_FIELDS, CDN_FIELDS } from './fields.ts';
import { LARGE, MEDIUM, SMALL, type Workload } from './workload.ts';

export const GET: Workload = {
  name: 'get',
  title: 'GET 121 B',
  method: 'GET',
  fields: BROWSER_FIELDS,
  sent: 0,
  answer: SMALL,
  pipelined: 1,
  tls: false,
  connections: 64,
  idle: 0,
  targets: [
    { against: 'nginx', atMost: 1.2 },
    { against: 'envoy', atMost: 0.4 },
    { against: 'undici', atMost: 0.5 },
    { against: 'http-proxy', atMost: 0.2 },
  ],
};

/** In the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  GET,
  { ...GET, name: 'get-16k', title: 'GET 16 KB', answer: MEDIUM, targets: [{ against: 'nginx', atMost: 1.2 }] },
  {
    ...GET,
    name: 'get-1m',
    title: 'GET 1 MB',
    answer: LARGE,
    connections: 16,
    targets: [
      { against: 'nginx', atMost: 0.75 },
      { against: 'nginx-64k', atMost: 1.3 },
    ],
  },
  {
    ...GET,
    name: 'post-4k',
    title: 'POST 4 KB',
    method: 'POST',
    fields: { ...BROWSER_FIELDS, 'Content-Type': 'application/octet-stream' },
    sent: 4_096,
    targets: [{ against: 'nginx', atMost: 1.2 }],
  },
  {
    ...GET,
    name: 'get-25-fields',
    title: 'GET with 25 fields',
    fields: CDN_FIELDS,
    targets: [{ against: 'nginx', atMost: 1.25 }],
  },
  {
    ...GET,
    name: 'pipelined',
    title: '8 GET pipelined',
    pipelined: 8,
    connections: 16,
    targets: [{ against: 'nginx', atMost: 1.25 }],
  },
  { ...GET, name: 'tls', title: 'GET, TLS, keep-alive', tls: true, targets: [{ against: 'nginx', atMost: 1.5 }] },
  {
    ...GET,
    name: 'idle-1000',
    title: 'GET, 1,000 connections, 16 active',
    connections: 16,
    idle: 984,
    targets: [],
  },
];
