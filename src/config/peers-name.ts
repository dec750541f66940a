import { Refusal } from './refusal.ts';
import { parseEndpoint, parseText } from './values.ts';

/** A name that stands for all replicas, with the port that their admin servers listen on. */
export function parsePeers(value: unknown): { host: string; port: number } {
  const text = parseText(value);
  try {
    return parseEndpoint(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(
      `is no name with a port: ${JSON.stringify(text)}`,
      "write the headless Service's name and the admin port: headgate-admin:8081",
    );
  }
}
