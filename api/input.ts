/** Input: what a request says, checked against its route's schemas, every bad field named at once. */
import type { Request } from 'express';
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { type FieldError, Problem, invalidFields } from './problem.js';
import type { Route } from './route.js';

const NOTHING = z.strictObject({});

/** An id in the path that cannot be one names nothing: that is a 404 like any other. */
export function readParams({ params = NOTHING }: Route, req: Request): Record<string, unknown> {
  const parsed = params.safeParse(req.params);
  if (parsed.success) return parsed.data;
  throw new DomainError('not_found', 'not_found', 'There is nothing at this address');
}

export function readQuery({ query = NOTHING }: Route, req: Request): Record<string, unknown> {
  const parsed = query.safeParse({ ...req.query });
  if (parsed.success) return parsed.data;
  throw invalidFields('invalid_request', fieldErrors(parsed.error, req.query));
}

export function readBody(
  { body = NOTHING, immutable = [] }: Pick<Route, 'body' | 'immutable'>,
  req: Request,
): Record<string, unknown> {
  if (req.is('application/json') === false && hasBytes(req))
    throw new Problem(415, 'unsupported_media_type', 'Send the body as application/json');
  const parsed = body.safeParse(req.body ?? {});
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error, req.body);
  const fixed = errors.filter(({ field }) => immutable.includes(field));
  if (fixed.length === 0) throw invalidFields('invalid_request', errors);
  const message = 'is fixed when this is created: create another instead';
  throw invalidFields(
    'immutable',
    fixed.map(({ field }) => ({ field, message })),
  );
}

function hasBytes(req: Request): boolean {
  return req.get('transfer-encoding') !== undefined || Number(req.get('content-length') ?? 0) > 0;
}

/** Zod's first issue of each field. Its messages never quote a value. */
function fieldErrors(error: z.ZodError, given: unknown): FieldError[] {
  const errors = error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      const message = isMissing(issue, given) ? 'is required' : issue.message;
      return [{ field: fieldName(issue.path), message }];
    }
    const message = 'is not a field of this request';
    return issue.keys.map((key) => ({ field: fieldName([...issue.path, key]), message }));
  });
  const byField = new Map(errors.toReversed().map((it) => [it.field, it]));
  return [...byField.values()].toReversed().slice(0, MOST_ERRORS);
}

/** What a schema says of its own accord, such as that one of two fields must be there, stays as it is. */
function isMissing({ code, path }: z.core.$ZodIssue, given: unknown): boolean {
  if (path.length === 0 || code === 'custom') return false;
  const value = path.reduce<unknown>(
    (whole, key) => (whole as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  );
  return value === undefined;
}

const MOST_ERRORS = 50;

function fieldName(path: readonly PropertyKey[]): string {
  return path.map(String).join('.').slice(0, 100) || 'body';
}

/** `Prefer: wait=20` (RFC 7240). What cannot be honored is ignored, as that standard wants. */
export function readPreferredWait(req: Request): number | undefined {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(req.get('prefer') ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), LONGEST_WAIT_SECONDS);
}

export const LONGEST_WAIT_SECONDS = 60;
