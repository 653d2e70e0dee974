import type { Candidate } from '../prisma/candidate.js';
import type { Charge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';

/**
 * The gateway's object that earlier charges used on this account, unless it was released, its success was reversed, or
 * it belongs to another of the gateway's customers: then it is released before a new one is made.
 */
export async function livingObject(
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
