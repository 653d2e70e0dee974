/** One API call as an endpoint sees it. */
import type { Account, Cause } from './account.js';
import type { Form } from './form.js';

export interface Call {
  readonly account: Account;
  readonly cause: Cause;
  readonly path: string;
  /** The `:names` of the path. */
  readonly ids: Readonly<Record<string, string>>;
  readonly params: Form;
}

export type Endpoint = (call: Call) => object;
