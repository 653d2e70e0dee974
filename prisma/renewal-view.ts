/** Renewals as they are shown: with their charges and the case that works on them. */
import { DomainError } from '../domain/errors.js';
import { type ChargeView, viewsOfCharges } from './charge-view.js';
import type { Tx } from './client.js';
import { type Renewal, Prisma } from './generated/client.js';
import { type Page, newestFirst } from './page.js';

export interface RenewalView {
  readonly renewal: Renewal;
  readonly charges: readonly ChargeView[];
  /** The newest case, open or closed. */
  readonly caseId: string | undefined;
}

export interface RenewalPage extends Page {
  readonly subscriptionId?: string | undefined;
  readonly status?: string | undefined;
  readonly needsAttention?: boolean | undefined;
}

export async function requireRenewal(db: Tx, merchantId: string, id: string): Promise<Renewal> {
  const row = await db.renewal.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no renewal ${id}`);
  return row;
}

export async function requireRenewalView(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<RenewalView> {
  return (await viewsOf(db, [await requireRenewal(db, merchantId, id)]))[0]!;
}

export async function listRenewals(db: Tx, page: RenewalPage): Promise<RenewalView[]> {
  const { where, ...order } = newestFirst(page);
  const rows = await db.renewal.findMany({
    where: {
      ...where,
      ...(page.subscriptionId !== undefined && { subscriptionId: page.subscriptionId }),
      ...(page.status !== undefined && { status: page.status }),
      ...(page.needsAttention && { needsAttention: { not: Prisma.DbNull } }),
    },
    ...order,
  });
  return viewsOf(db, rows);
}

/** Just the status, for those who wait for it. */
export async function readRenewalStatus(db: Tx, id: string): Promise<string | undefined> {
  const row = await db.renewal.findUnique({ where: { id }, select: { status: true } });
  return row?.status;
}

async function viewsOf(db: Tx, renewals: readonly Renewal[]): Promise<RenewalView[]> {
  const renewalId = { in: renewals.map(({ id }) => id) };
  const [charges, cases] = await Promise.all([
    chargesOf(db, renewalId.in),
    db.dunningCase.findMany({
      where: { renewalId },
      select: { id: true, renewalId: true },
      orderBy: { number: 'asc' },
    }),
  ]);
  const newestCase = new Map(cases.map((row) => [row.renewalId, row.id]));
  return renewals.map((renewal) => ({
    renewal,
    charges: charges.filter((charge) => charge.renewalId === renewal.id),
    caseId: newestCase.get(renewal.id),
  }));
}

/** In the order in which they were planned. */
async function chargesOf(db: Tx, renewalIds: string[]): Promise<ChargeView[]> {
  const charges = await db.charge.findMany({
    where: { renewalId: { in: renewalIds } },
    orderBy: { ordinal: 'asc' },
  });
  return viewsOfCharges(db, charges);
}
