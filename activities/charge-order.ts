/** What a gateway is asked to compose a charge's request from. */
import { money } from '../domain/money.js';
import type { ChargeOrder } from '../gateways/gateway.js';
import type { Candidate } from '../prisma/candidate.js';
import type { Charge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import type { Renewal } from '../prisma/renewal.js';

/** `charges`: all of the renewal's so far. `id`: the new one's. */
export async function orderFor(
  tx: Tx,
  renewal: Renewal,
  candidate: Candidate,
  charges: readonly Charge[],
  id: string,
): Promise<ChargeOrder> {
  return {
    chargeId: id,
    merchantId: renewal.merchantId,
    renewalId: renewal.id,
    reversals: charges.filter(({ reversedAt }) => reversedAt).length,
    amount: money(Number(renewal.amountMinor), renewal.currency),
    description: renewal.description ?? undefined,
    customer: candidate.customer,
    method: candidate.reference,
    kind: candidate.kind,
    living: await livingObject(tx, charges, candidate),
  };
}

/**
 * The gateway's object that earlier charges used on this account, unless it was released, its success was reversed, or
 * it belongs to another of the gateway's customers: then it is released before a new one is made.
 */
async function livingObject(
  tx: Tx,
  charges: readonly Charge[],
  { accountId, customer }: Candidate,
): Promise<string | undefined> {
  const last = charges.findLast(
    (charge) => charge.gatewayAccountId === accountId && charge.gatewayReference,
  );
  if (!last || last.releasedAt || last.reversedAt) return undefined;
  const method = await tx.paymentMethod.findUniqueOrThrow({ where: { id: last.paymentMethodId } });
  if (method.gatewayCustomerReference !== customer) return undefined;
  return last.gatewayReference ?? undefined;
}
