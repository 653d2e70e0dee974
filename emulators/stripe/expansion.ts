/** Expansion: an id in an answer is replaced by the object it names, where the request asked for it. */
import type { Account } from './account.js';
import { invalidRequest } from './errors.js';
import type { FormValue } from './form.js';

export function expanded(account: Account, body: object, paths: FormValue | undefined): object {
  if (!Array.isArray(paths)) return body;
  const copy = structuredClone(body);
  for (const path of paths)
    if (typeof path === 'string') expandPath(account, copy, path.split('.'));
  return copy;
}

function expandPath(account: Account, target: unknown, [field, ...rest]: string[]): void {
  if (field === undefined || target === null) return;
  if (Array.isArray(target)) {
    for (const item of target) expandPath(account, item, [field, ...rest]);
    return;
  }
  const object = target as Record<string, unknown>;
  if (typeof target !== 'object' || !(field in object || field in FINDERS))
    throw notExpandable(field);
  const value = object[field];
  const find = FINDERS[field];
  if (typeof value === 'string') {
    if (!find) throw notExpandable(field);
    object[field] = structuredClone(find(account, value) ?? value);
  }
  if (rest.length > 0) expandPath(account, object[field], rest);
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
};

function notExpandable(field: string) {
  return invalidRequest(`This property cannot be expanded (${field}).`, undefined, 'expand');
}
