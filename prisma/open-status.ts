/** The statuses of what a gateway may still decide, in the forms that queries take. */
import { OPEN_CHARGE } from '../domain/charge.js';
import { OPEN_DISPUTE } from '../domain/dispute.js';
import { OPEN_REFUND } from '../domain/refund.js';
import { Prisma } from './generated/client.js';

export const OPEN = [...OPEN_CHARGE];

/** The lists behind `in`. Literals, because partial indexes are found by them. */
export const OPEN_SQL = listed(OPEN_CHARGE);
export const OPEN_REFUND_SQL = listed(OPEN_REFUND);
export const OPEN_DISPUTE_SQL = listed(OPEN_DISPUTE);

function listed(statuses: readonly string[]): Prisma.Sql {
  return Prisma.raw(`(${statuses.map((status) => `'${status}'`).join(', ')})`);
}
