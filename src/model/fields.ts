import { z } from 'zod';

/*
 * Pieces of schema that the kinds share. The API server may leave a field out or send null for "not set" (a YAML file
 * with a bare key does so too); both become one value here, so that no reader has to tell them apart.
 */

/** A string; '' when not set, as Go's zero value. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A boolean; false when not set. */
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** An integer; null when not set. */
export const integer = z
  .int()
  .nullish()
  .transform((value) => value ?? null);

/** Reports a mistake that no schema knows by itself, with what to do about it. */
export function refuse(context: z.RefinementCtx, message: string, remedy: string): void {
  context.addIssue({ code: 'custom', message, params: { remedy } });
}

/** A port's number. The API server refuses any other, a manifest file holds what its author wrote. */
export const portNumber = z.int().superRefine(checkPort);

function checkPort(value: unknown, context: z.RefinementCtx): void {
  if (typeof value !== 'number' || (value >= 1 && value <= 65_535)) return;
  refuse(context, `must be from 1 to 65535, not ${value}`, 'write the number of a TCP port');
}

/**
 * Number or name of a port; null when not set, for which Kubernetes also takes 0 and ''. A string of digits is a number:
 * YAML writers quote ports now and then.
 */
export const portNumberOrName = z
  .union([z.int(), z.string()])
  .nullish()
  .transform((value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value || null))
  .superRefine(checkPort);

/** Labels, selectors, annotations; null when not set. */
export const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? null);

/** A list; empty when not set. */
export function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

/** An owner reference, as far as it is used. */
const ownerReference = z.object({ kind: text, name: text, uid: text, controller: flag });

/** `metadata` of every kind. A manifest without a namespace belongs to `default`, as kubectl has it. */
export const metadata = z.object({
  name: z.string().min(1),
  namespace: z
    .string()
    .nullish()
    .transform((value) => (value === undefined || value === null || value === '' ? 'default' : value)),
  uid: text,
  generation: integer,
  creationTimestamp: text,
  deletionTimestamp: text,
  labels,
  annotations: labels,
  ownerReferences: list(ownerReference),
});

/** The owner of `kind` among `owners`, the controller first; null when there is none. */
export function ownerOf(
  owners: readonly z.output<typeof ownerReference>[],
  kind: string,
): z.output<typeof ownerReference> | null {
  const ofKind = owners.filter((owner) => owner.kind === kind);
  return ofKind.find((owner) => owner.controller) ?? ofKind[0] ?? null;
}

/** A TCP port that a container declares. */
export interface ContainerPort {
  /** '' when it has none. */
  readonly name: string;
  readonly containerPort: number;
}

/** `spec.containers`, reduced to the TCP ports that they declare. */
export const containerPorts = list(
  z.object({ ports: list(z.object({ name: text, containerPort: portNumber, protocol: text })) }),
).transform((containers): readonly ContainerPort[] =>
  containers.flatMap(({ ports }) =>
    ports
      .filter(({ protocol }) => protocol === '' || protocol === 'TCP')
      .map(({ name, containerPort }) => ({ name, containerPort })),
  ),
);
