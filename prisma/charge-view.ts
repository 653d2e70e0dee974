/** Charges as they are shown: with the gateway account that they go through. */
import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import type { Charge, GatewayAccount } from './generated/client.js';

export type ChargeView = Charge & {
  readonly account: Pick<GatewayAccount, 'id' | 'name' | 'gateway' | 'mode' | 'state'>;
};

export async function viewsOfCharges(db: Tx, charges: readonly Charge[]): Promise<ChargeView[]> {
  const ids = [...new Set(charges.map(({ gatewayAccountId }) => gatewayAccountId))];
  const accounts = await db.gatewayAccount.findMany({ where: { id: { in: ids } } });
  const byId = new Map(accounts.map((account) => [account.id, account]));
  return charges.map((charge) => ({ ...charge, account: byId.get(charge.gatewayAccountId)! }));
}

export async function requireChargeView(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<ChargeView> {
  const row = await db.charge.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no charge ${id}`);
  return (await viewsOfCharges(db, [row]))[0]!;
}
