/** What parameters may look like. Every endpoint lists its own; whatever it does not list is refused. */
import { z } from 'zod';

import { type StripeError, invalidRequest, missingParameter } from './errors.js';
import type { Form } from './form.js';

export const text = z.string().min(1).max(5000);
export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number);
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
/** An empty string unsets. */
export const clearableText = z
  .string()
  .max(5000)
  .transform((value) => value || null);
export const expand = z.array(text).optional();
/** Accepted because Stripe accepts it, without any effect here. */
export const ignored = z.unknown().optional();
export const metadata = z.union([
  z.literal(''),
  z.record(z.string().max(40), z.string().max(500)).refine((all) => Object.keys(all).length <= 50),
]);
export const range = z.union([
  integer,
  z.strictObject({
    gt: integer.optional(),
    gte: integer.optional(),
    lt: integer.optional(),
    lte: integer.optional(),
  }),
]);
type Range = z.output<typeof range>;

/** Stripe's words for one schema: the first thing wrong is what the answer names. */
export function read<S extends z.ZodType>(schema: S, raw: Form): z.output<S> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw complaint(result.error.issues[0]!, raw);
}

export function isWithin(range: Range | undefined, at: number): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return at === range;
  return (
    (range.gt === undefined || at > range.gt) &&
    (range.gte === undefined || at >= range.gte) &&
    (range.lt === undefined || at < range.lt) &&
    (range.lte === undefined || at <= range.lte)
  );
}

/** Given keys are set, given empty values unset theirs, and an empty string unsets all. */
export function mergeMetadata(
  old: Record<string, string>,
  change: z.output<typeof metadata> | undefined,
): Record<string, string> {
  if (change === undefined) return old;
  if (change === '') return {};
  return Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value));
}

type Issue = z.core.$ZodIssue;

function complaint(issue: Issue, raw: Form): StripeError {
  if (issue.code === 'unrecognized_keys') return unknownParameter([...issue.path, issue.keys[0]!]);
  const param = inBrackets(issue.path);
  if (valueAt(raw, issue.path) === undefined) return missingParameter(param);
  if (issue.code === 'invalid_format')
    return invalidRequest(`Invalid integer: ${param}`, 'parameter_invalid_integer', param);
  if (issue.code === 'too_small')
    return invalidRequest(`Empty value for ${param}.`, 'parameter_invalid_empty', param);
  return invalidRequest(`Invalid ${param}: ${issue.message}`, undefined, param);
}

function unknownParameter(path: readonly PropertyKey[]): StripeError {
  const param = inBrackets(path);
  if (param !== 'payment_method_types')
    return invalidRequest(`Received unknown parameter: ${param}`, 'parameter_unknown', param);
  return invalidRequest(
    '`payment_method_types` is no longer supported. Use `allowed_payment_method_types` instead.',
    'payment_method_types_no_longer_supported',
    param,
  );
}

function inBrackets(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (index ? `[${String(part)}]` : String(part))).join('');
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at ? (at as Record<PropertyKey, unknown>)[key] : at),
    raw,
  );
}
