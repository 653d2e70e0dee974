/** Problems: every refusal in one shape (RFC 9457), with a stable code and the field at fault. */
import type { Response } from 'express';

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    more: { errors?: readonly FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

/** A 422 that names every field at fault. */
export function invalidFields(code: string, errors: readonly FieldError[]): Problem {
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new Problem(422, code, detail, { errors });
}

export function sendProblem(res: Response, problem: Problem, requestId: string): void {
  const { status, code, message, errors } = problem;
  res
    .status(status)
    .set(problem.headers)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:dunlin:problem:${code}`,
        title: TITLES[status] ?? 'Request refused',
        status,
        detail: message,
        code,
        errors,
        request_id: requestId,
      }),
    );
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict with the current state',
  413: 'Request too large',
  415: 'Unsupported media type',
  422: 'Invalid request',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Temporarily unavailable',
};
