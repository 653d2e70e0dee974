/** The statuses of an open charge, in the two forms that queries take. */
import { OPEN_CHARGE } from '../domain/charge.js';
import { Prisma } from './generated/client.js';

export const OPEN = [...OPEN_CHARGE];

/** The list behind `in`. Literals, because the partial indexes on open charges are found by them. */
export const OPEN_SQL = Prisma.raw(`(${OPEN.map((status) => `'${status}'`).join(', ')})`);
