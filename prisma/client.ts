/** The database: one pool per process, and the types that the rest of this folder speaks in. */
import { PrismaPg } from '@prisma/adapter-pg';

import { Prisma, PrismaClient } from './generated/client.js';

export type Database = PrismaClient;
/** A transaction, or the database itself for a single read. */
export type Tx = Prisma.TransactionClient;

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
}

export function openDatabase({ url, maxConnections }: DatabaseOptions): Database {
  const adapter = new PrismaPg({ ...asApp(url), max: maxConnections });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 10_000, timeout: 15_000 } });
}

/** The role that may add to the ledger and never change it: every connection of the app is under it. */
const AS_APP = '-c role=dunlin_app';

/** Options in the address would take the place of ours, so ours are added to them. */
export function asApp(url: string): { connectionString: string; options: string } {
  const given = URL.canParse(url) && new URL(url).searchParams.get('options');
  if (!given) return { connectionString: url, options: AS_APP };
  const options = `${given} ${AS_APP}`;
  const address = new URL(url);
  address.searchParams.set('options', options);
  return { connectionString: address.href, options };
}

const UNIQUE_VIOLATION = '23505';

/** Whether a statement was refused because a row like it exists, and by which index if that matters. */
export function violatesUnique(error: unknown, index?: string): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const detail = JSON.stringify(error.meta ?? {}) + error.message;
  const unique = error.code === 'P2002' || detail.includes(UNIQUE_VIOLATION);
  return unique && (index === undefined || detail.includes(index));
}

/** Turns the columns of a raw row into the field names that Prisma uses for the same table. */
export function fieldNames<Row>(row: object): Row {
  const entries = Object.entries(row).map(([column, value]) => [
    column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries) as Row;
}
