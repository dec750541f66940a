import { z } from 'zod';
import { labels, list, metadata, portNumber, portNumberOrName, text } from './fields.ts';
import { type Parsed, parseObject } from './parsed.ts';

/** A Service, as far as it gives hosts and ports. Its selector is never trusted to mean one version. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  /** Null: it selects nothing (ExternalName, or endpoints kept by hand). */
  readonly selector: Readonly<Record<string, string>> | null;
  /** TCP ports only. */
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  /** '' when it has none. */
  readonly name: string;
  readonly port: number;
  /** Number, or name of a container port; the Service's own port when the manifest does not say. */
  readonly targetPort: number | string;
}

const port = z.object({ name: text, port: portNumber, targetPort: portNumberOrName, protocol: text });

const schema = z
  .object({
    metadata,
    spec: z
      .object({ selector: labels, ports: list(port) })
      .nullish()
      .transform((spec) => spec ?? { selector: null, ports: [] }),
  })
  .transform(
    ({ metadata, spec }): Service => ({
      namespace: metadata.namespace,
      name: metadata.name,
      selector: spec.selector,
      ports: spec.ports
        .filter(({ protocol }) => protocol === '' || protocol === 'TCP')
        .map(({ name, port, targetPort }) => ({
          name,
          port,
          targetPort: targetPort ?? port,
        })),
    }),
  );

/** A core/v1 Service as the API serves it. Only what Headgate uses is kept. */
export function parseService(object: unknown): Parsed<Service> {
  return parseObject('Service', schema, object);
}
