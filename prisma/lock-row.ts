import type { Tx } from './client.js';
import { Prisma } from './generated/client.js';

/** Takes a row for this transaction, so that what is read of it next is what the change replaces. */
export async function lockRow(
  tx: Tx,
  table: 'customer' | 'gateway_account' | 'merchant' | 'routing_rule' | 'webhook_endpoint',
  id: string,
): Promise<void> {
  // Rows that refer to it can still be written meanwhile.
  await tx.$queryRaw`select 1 from ${Prisma.raw(table)} where id = ${id} for no key update`;
}
