/** What went wrong, for machines. The HTTP layer maps each code to one status. */
export type ErrorCode = 'invalid' | 'not_found' | 'conflict' | 'forbidden' | 'unavailable';

/**
 * An expected refusal. Anything else that is thrown means "retry me" or "bug".
 *
 * `reason` is a stable machine word ("amount_differs"), `field` names the input at fault.
 * Temporal takes the failure type from the class name, so activities that throw it are not retried.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly field: string | undefined;

  constructor(code: ErrorCode, reason: string, message: string, field?: string) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.field = field;
  }
}
