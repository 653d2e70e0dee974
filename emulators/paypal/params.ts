/** What bodies and queries may look like. Every endpoint lists its own fields; whatever it does not list is refused. */
import { z } from 'zod';

import { type Detail, PaypalError, refused } from './errors.js';
import { issueOf } from './issues.js';

export const text = (most: number) => z.string().min(1).max(most);
/** Accepted because PayPal accepts it, without any effect here. */
export const ignored = z.unknown().optional();
/** A whole number in a query. */
export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most);
/** PayPal's internet date-time: seconds and an offset are required. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/)
  .transform((value) => Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')))
  .refine((ms) => !Number.isNaN(ms));

type Location = NonNullable<Detail['location']>;

/** All that is wrong is told at once. */
export function read<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  location: Location = 'body',
): z.output<S> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(innermost);
  throw new PaypalError(
    400,
    issues.flatMap((issue) => complaints(issue, raw, location)),
  );
}

export function invalid(issue: string, field: string, location: Location = 'body'): PaypalError {
  return refused(issue, { field, location });
}

type Issue = z.core.$ZodIssue;

/** Of a union's branches, the one that came furthest says best what is wrong. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const best = issue.errors.toSorted((a, b) => a.length - b.length)[0]!;
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function complaints(issue: Issue, raw: unknown, location: Location): Detail[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => detail('NOT_SUPPORTED', [...issue.path, key], location));
  if (valueAt(raw, issue.path) === undefined)
    return [detail('MISSING_REQUIRED_PARAMETER', issue.path, location)];
  return [detail(nameOf(issue), issue.path, location)];
}

function nameOf(issue: Issue): string {
  if (issue.code === 'too_big' || issue.code === 'too_small') {
    if (issue.origin === 'string') return 'INVALID_STRING_LENGTH';
    if (issue.origin === 'array')
      return issue.code === 'too_big' ? 'INVALID_ARRAY_MAX_ITEMS' : 'INVALID_ARRAY_MIN_ITEMS';
  }
  return issue.code === 'invalid_value' || issue.code === 'custom'
    ? 'INVALID_PARAMETER_VALUE'
    : 'INVALID_PARAMETER_SYNTAX';
}

function detail(issue: string, path: readonly PropertyKey[], location: Location): Detail {
  const field = location === 'body' ? `/${path.map(String).join('/')}` : path.map(String).join('.');
  return { field, location, issue, description: issueOf(issue).description };
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at ? (at as Record<PropertyKey, unknown>)[key] : at),
    raw,
  );
}
