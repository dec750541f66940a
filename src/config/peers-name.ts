import { Refusal } from './refusal.ts';
import { parseEndpoint } from './values.ts';

const REMEDY = "write the headless Service's name and the admin port: headgate-admin:8081";

/** A name that stands for all replicas, with the port that their admin servers listen on. */
export function parsePeers(value: unknown): { host: string; port: number } {
  if (typeof value !== 'string') throw Refusal.kind('a name with a port', value, REMEDY);
  try {
    return parseEndpoint(value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(`is no name with a port: ${JSON.stringify(value)}`, REMEDY);
  }
}
