/** Invoice ids: by an account setting each can be paid once, and refunded under once, for ever. */
import type { Account } from './account.js';

type Use = 'capture' | 'refund';

export function isFree(account: Account, use: Use, invoice: string | undefined): boolean {
  if (invoice === undefined || !account.settings().unique_invoice_ids) return true;
  return account.invoices.get(`${use}/${invoice}`) === undefined;
}

export function occupy(account: Account, use: Use, invoice: string | undefined, by: string): void {
  if (invoice !== undefined) account.invoices.put(`${use}/${invoice}`, by);
}

/** Money that did not come after all leaves the invoice payable. */
export function release(account: Account, use: Use, invoice: string | undefined, by: string): void {
  if (invoice !== undefined && account.invoices.get(`${use}/${invoice}`) === by)
    account.invoices.delete(`${use}/${invoice}`);
}
