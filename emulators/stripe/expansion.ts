/** Expansion: an id in an answer is replaced by the object it names, where the request asked for it. */
import type { Account } from './account.js';
import { invalidRequest } from './errors.js';
import type { FormValue } from './form.js';

/** Checked before anything is executed: a refusal must not have had an effect. */
export function checkExpand(paths: FormValue | undefined): void {
  for (const path of Array.isArray(paths) ? paths : [])
    for (const field of typeof path === 'string' ? path.split('.') : [])
      if (field !== 'data' && !(field in FINDERS))
        throw invalidRequest(`This property cannot be expanded (${field}).`, undefined, 'expand');
}

export function expanded(account: Account, body: object, paths: FormValue | undefined): object {
  if (!Array.isArray(paths)) return body;
  const copy = structuredClone(body);
  for (const path of paths)
    if (typeof path === 'string') expandPath(account, copy, path.split('.'));
  return copy;
}

function expandPath(account: Account, target: unknown, [field, ...rest]: string[]): void {
  if (field === undefined || typeof target !== 'object' || target === null) return;
  if (Array.isArray(target)) {
    for (const item of target) expandPath(account, item, [field, ...rest]);
    return;
  }
  const object = target as Record<string, unknown>;
  const value = object[field];
  if (typeof value === 'string')
    object[field] = structuredClone(FINDERS[field]?.(account, value) ?? value);
  expandPath(account, object[field], rest);
}

const FINDERS: Readonly<Record<string, (account: Account, id: string) => object | undefined>> = {
  balance_transaction: (account, id) => account.balanceTransactions.get(id),
  charge: (account, id) => account.charges.get(id),
  customer: (account, id) => account.customers.get(id),
  default_payment_method: (account, id) => account.paymentMethods.get(id),
  failure_balance_transaction: (account, id) => account.balanceTransactions.get(id),
  latest_charge: (account, id) => account.charges.get(id),
  payment_intent: (account, id) => account.paymentIntents.get(id),
  payment_method: (account, id) => account.paymentMethods.get(id),
  source: (account, id) =>
    account.charges.get(id) ?? account.refunds.get(id) ?? account.disputes.get(id),
};
