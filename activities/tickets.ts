import { type ChargeStatus, type ChargeTicket, isOpen } from '../domain/charge.js';
import { listCharges, readCharge, ticketFor } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import type { Deps } from './deps.js';

/** The charges of a renewal that a gateway may still decide. At most one, but a row says so, not this code. */
export async function openTickets(
  { tempo }: Deps,
  tx: Tx,
  renewalId: string,
): Promise<ChargeTicket[]> {
  const tickets: ChargeTicket[] = [];
  for (const charge of await listCharges(tx, renewalId)) {
    if (!isOpen(charge.status as ChargeStatus)) continue;
    const { account } = await readCharge(tx, charge.id);
    tickets.push(ticketFor(charge, account, tempo.chargeTimeoutMs));
  }
  return tickets;
}
