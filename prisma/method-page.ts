/** What the page behind a signed link shows: whose renewal it is, and what is open. */
import { type Currency, toCurrency } from '../domain/currency.js';
import type { Tx } from './client.js';
import { readSettings } from './settings.js';

export interface MethodPage {
  readonly merchantId: string;
  readonly customerId: string;
  readonly brand: string;
  readonly status: 'open' | 'paid' | 'closed';
  readonly amountMinor: number;
  readonly currency: Currency;
  /** Of the money that is open: its customer gives no test method for live money. */
  readonly mode: 'test' | 'live';
}

/** Undefined: a restored database has lost the renewal. */
export async function findMethodPage(
  db: Tx,
  { customerId, renewalId }: { readonly customerId: string; readonly renewalId: string },
): Promise<MethodPage | undefined> {
  const renewal = await db.renewal.findFirst({ where: { id: renewalId, customerId } });
  if (!renewal) return undefined;
  const { merchantId, currency } = renewal;
  const { notices } = await readSettings(db, merchantId);
  const merchant = await db.merchant.findUniqueOrThrow({ where: { id: merchantId } });
  return {
    merchantId,
    customerId,
    brand: notices?.brand ?? merchant.name,
    status: STATUS[renewal.status] ?? 'closed',
    amountMinor: Number(renewal.amountMinor),
    currency: toCurrency(currency),
    mode: await modeOf(db, merchantId, renewalId),
  };
}

const STATUS: Readonly<Record<string, MethodPage['status']>> = {
  collecting: 'open',
  past_due: 'open',
  paid: 'paid',
};

/** That of its newest charge; where there is none, of what the merchant has. */
async function modeOf(db: Tx, merchantId: string, renewalId: string): Promise<'test' | 'live'> {
  const charge = await db.charge.findFirst({
    where: { renewalId },
    orderBy: { ordinal: 'desc' },
  });
  const which = charge ? { id: charge.gatewayAccountId } : { merchantId, state: 'open' };
  return (await db.gatewayAccount.count({ where: { ...which, mode: 'live' } })) > 0
    ? 'live'
    : 'test';
}
