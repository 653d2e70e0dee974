/** Disputes as they are shown: with their gateway account, and what there is of evidence without its bytes. */
import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import type { Dispute } from './dispute.js';
import { type EvidenceSummary, summarizeEvidence } from './evidence.js';
import type { GatewayAccount } from './generated/client.js';
import { type Page, newestFirst } from './page.js';

export type DisputeView = Dispute & {
  readonly account: Pick<GatewayAccount, 'id' | 'name' | 'gateway'>;
  readonly evidence: EvidenceSummary | undefined;
};

export interface DisputePage extends Page {
  readonly status?: string | undefined;
  readonly chargeId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly subscriptionId?: string | undefined;
}

export async function requireDisputeView(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<DisputeView> {
  const row = await db.dispute.findFirst({
    where: { id, merchantId },
    omit: { evidence: true },
  });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no dispute ${id}`);
  return (await viewsOf(db, [row]))[0]!;
}

export async function listDisputes(db: Tx, page: DisputePage): Promise<DisputeView[]> {
  const { status, chargeId, renewalId, subscriptionId } = page;
  const { where, ...order } = newestFirst(page);
  const rows = await db.dispute.findMany({
    where: {
      ...where,
      ...(status !== undefined && { status }),
      ...(chargeId !== undefined && { chargeId }),
      ...(renewalId !== undefined && { renewalId }),
      ...(subscriptionId !== undefined && { subscriptionId }),
    },
    ...order,
    omit: { evidence: true },
  });
  return viewsOf(db, rows);
}

async function viewsOf(db: Tx, rows: readonly Dispute[]): Promise<DisputeView[]> {
  const accounts = await db.gatewayAccount.findMany({
    where: { id: { in: rows.map(({ gatewayAccountId }) => gatewayAccountId) } },
  });
  const byId = new Map(accounts.map((account) => [account.id, account]));
  const evidence = await summarizeEvidence(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    ...row,
    account: byId.get(row.gatewayAccountId)!,
    evidence: evidence.get(row.id),
  }));
}
