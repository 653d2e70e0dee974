/** Faults to order: what networks and gateways do to a request besides answering it. They do not survive a restart. */
import { z } from 'zod';

import type { Answer } from './exchange.js';

export const faultRequest = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** Exact, `/v1/refunds*` for a beginning, or with `:id` for any one segment. */
      path: z.string().optional(),
      /** Fields of the body that must be equal: `{description: "Pro", "purchase_units.0.custom_id": "ch_1"}`. */
      body: z.record(z.string(), z.string()).optional(),
    })
    .default({}),
  fault: z.enum([
    'delay',
    'reset_before',
    'reset_after',
    'error_before',
    'error_after',
    'truncate',
    'rate_limit',
  ]),
  delay_ms: z.number().int().min(0).max(600_000).default(0),
  /** For a delay: whether its effect comes before the waiting, or after. */
  effect: z.enum(['before', 'after']).default('before'),
  /** For error_before: whether the 500 is kept under the idempotency key. PayPal never keeps one. */
  stored: z.boolean().default(false),
  /** For rate_limit: seconds. */
  retry_after: z.number().int().optional(),
  times: z.number().int().min(1).optional(),
  probability: z.number().min(0).max(1).default(1),
});

export type Fault = z.output<typeof faultRequest>;

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  all(): Fault[];
  /** The first fault that strikes this request; each strike is one of its times. */
  strike(method: string, path: string, body: Readonly<Record<string, unknown>>): Fault | undefined;
}

export function createFaults(): Faults {
  let faults: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => void faults.push({ fault, left: fault.times ?? Infinity }),
    clear: () => void (faults = []),
    all: () => faults.map(({ fault }) => fault),
    strike(method, path, body) {
      const struck = faults.find(
        ({ fault }) =>
          meets(fault, method, path) && says(fault, body) && Math.random() < fault.probability,
      );
      if (!struck) return undefined;
      struck.left -= 1;
      if (struck.left <= 0) faults = faults.filter((one) => one !== struck);
      return struck.fault;
    },
  };
}

/** What the connection leaves of an answer. */
export function damaged(answer: Answer, fault: Fault | undefined): Answer {
  if (fault?.fault === 'reset_after') return { ...answer, cut: 'whole' };
  if (fault?.fault === 'truncate') return { ...answer, cut: 'half' };
  return answer;
}

function meets({ match }: Fault, method: string, path: string): boolean {
  if (match.method && match.method !== '*' && match.method.toUpperCase() !== method) return false;
  if (match.path === undefined || match.path === '*') return true;
  if (match.path.endsWith('*')) return pathPattern(match.path.slice(0, -1), '').test(path);
  return pathPattern(match.path, '$').test(path);
}

function says({ match }: Fault, body: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(match.body ?? {}).every(([path, value]) => at(body, path) === value);
}

/** Numbers in a path count the entries of a list. */
function at(body: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inside, name) =>
        typeof inside === 'object' && inside
          ? (inside as Record<string, unknown>)[name]
          : undefined,
      body,
    );
}

function pathPattern(path: string, end: string): RegExp {
  const escaped = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/:\w+/g, '[^/]+')}${end}`);
}
