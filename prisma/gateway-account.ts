/** Gateway accounts: which gateway, which mode, and where the credentials are to be found. */
import { DomainError } from '../domain/errors.js';
import { type Tx, violatesUnique } from './client.js';
import type { GatewayAccount, Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type { GatewayAccount };

export interface NewGatewayAccount {
  readonly merchantId: string;
  readonly name: string;
  readonly gateway: string;
  readonly mode: 'test' | 'live';
  /** References such as env:STRIPE_SECRET_KEY, never the secrets themselves. */
  readonly secretRef: string;
  readonly webhookSecretRefs: readonly string[];
  readonly apiBase?: string | null | undefined;
  /** The task queue that serves it: the gateway's common one, unless it has its own. */
  readonly lane?: string | undefined;
  readonly state?: string | undefined;
  readonly sendsPerSecond?: number | null | undefined;
  readonly debitNoticeDays?: number | null | undefined;
}

export async function createGatewayAccount(
  tx: Tx,
  asked: NewGatewayAccount,
): Promise<GatewayAccount> {
  return refuseTakenName(() =>
    tx.gatewayAccount.create({
      data: {
        id: newId('gwa'),
        merchantId: asked.merchantId,
        name: asked.name,
        gateway: asked.gateway,
        mode: asked.mode,
        lane: asked.lane ?? `gateway-${asked.gateway}`,
        secretRef: asked.secretRef,
        webhookSecretRefs: [...asked.webhookSecretRefs],
        apiBase: asked.apiBase ?? null,
        state: asked.state ?? 'open',
        sendsPerSecond: asked.sendsPerSecond ?? null,
        debitNoticeDays: asked.debitNoticeDays ?? null,
        createdAt: new Date(),
      },
    }),
  );
}

export function changeGatewayAccount(
  tx: Tx,
  id: string,
  changes: Prisma.GatewayAccountUncheckedUpdateInput,
): Promise<GatewayAccount> {
  return refuseTakenName(() => tx.gatewayAccount.update({ where: { id }, data: changes }));
}

export async function requireGatewayAccount(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<GatewayAccount> {
  const row = await db.gatewayAccount.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no gateway account ${id}`);
  return row;
}

/** The merchant's account of this id or name. */
export function findGatewayAccount(
  db: Tx,
  merchantId: string,
  idOrName: string,
): Promise<GatewayAccount | null> {
  return db.gatewayAccount.findFirst({
    where: { merchantId, OR: [{ id: idOrName }, { name: idOrName }] },
  });
}

/** The merchant's accounts of these ids or names. A name has no underscore, so that none is another's id. */
export function findGatewayAccounts(
  db: Tx,
  merchantId: string,
  idsOrNames: readonly string[],
): Promise<GatewayAccount[]> {
  const wanted = { in: [...idsOrNames] };
  return db.gatewayAccount.findMany({
    where: { merchantId, OR: [{ id: wanted }, { name: wanted }] },
  });
}

/** Those that take new charges, oldest first. */
export function listOpenAccounts(
  db: Tx,
  merchantId: string,
  mode: string,
): Promise<GatewayAccount[]> {
  return db.gatewayAccount.findMany({
    where: { merchantId, mode, state: 'open' },
    orderBy: { id: 'asc' },
  });
}

/** The account a webhook is addressed to. Only its signature says whose it is. */
export function findWebhookAccount(
  db: Tx,
  gateway: string,
  id: string,
): Promise<GatewayAccount | null> {
  return db.gatewayAccount.findFirst({ where: { id, gateway } });
}

export function listGatewayAccounts(db: Tx, page: Page): Promise<GatewayAccount[]> {
  const { where, ...order } = newestFirst(page);
  return db.gatewayAccount.findMany({ where, ...order });
}

async function refuseTakenName(write: () => Promise<GatewayAccount>): Promise<GatewayAccount> {
  try {
    return await write();
  } catch (error) {
    if (!violatesUnique(error)) throw error;
    const message = 'Another gateway account of this merchant has this name';
    throw new DomainError('conflict', 'name_taken', message, 'name');
  }
}

/** The task queues that workers serve, new ones included as soon as an account names them. */
export async function listLanes(db: Tx): Promise<string[]> {
  const rows = await db.gatewayAccount.findMany({ distinct: ['lane'], select: { lane: true } });
  return rows.map(({ lane }) => lane);
}
