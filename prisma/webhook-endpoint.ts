/** Webhook endpoints: where an app hears of events. */
import { DomainError } from '../domain/errors.js';
import type { EndpointStatus } from '../domain/delivery.js';
import type { NeedsAttention } from '../domain/renewal.js';
import type { Tx } from './client.js';
import type { WebhookEndpoint } from './generated/client.js';
import { Prisma } from './generated/client.js';
import { lockRow } from './lock-row.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type { WebhookEndpoint };

/** Each event makes a row for each of them. */
const MOST_ENDPOINTS = 20;

export interface NewEndpoint {
  readonly merchantId: string;
  readonly mode: 'test' | 'live';
  readonly url: string;
  readonly description?: string | undefined;
  readonly eventTypes: string[];
  readonly acknowledgedTypes: string[];
}

export async function createEndpoint(
  tx: Tx,
  { description, ...asked }: NewEndpoint,
  now: Date,
): Promise<WebhookEndpoint> {
  const { merchantId } = asked;
  await lockRow(tx, 'merchant', merchantId);
  if ((await tx.webhookEndpoint.count({ where: { merchantId } })) >= MOST_ENDPOINTS)
    throw new DomainError(
      'conflict',
      'too_many_endpoints',
      `There are ${MOST_ENDPOINTS} endpoints already`,
    );
  return tx.webhookEndpoint.create({
    data: { id: newId('whe'), ...asked, description: description ?? null, createdAt: now },
  });
}

export function listEndpoints(db: Tx, page: Page): Promise<WebhookEndpoint[]> {
  return db.webhookEndpoint.findMany(newestFirst(page));
}

export async function requireEndpoint(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<WebhookEndpoint> {
  const row = await db.webhookEndpoint.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no webhook endpoint ${id}`);
  return row;
}

export interface EndpointChanges {
  readonly url?: string;
  readonly description?: string | null;
  readonly eventTypes?: string[];
  readonly acknowledgedTypes?: string[];
}

export function changeEndpoint(
  tx: Tx,
  id: string,
  changes: EndpointChanges,
): Promise<WebhookEndpoint> {
  return tx.webhookEndpoint.update({ where: { id }, data: changes });
}

/**
 * What was given up is sent first: nothing that came after it has gone out meanwhile. So is what a run would try again
 * hours later: the run finds it settled, or goes on with it.
 */
export async function activate(tx: Tx, id: string): Promise<WebhookEndpoint> {
  await tx.delivery.updateMany({
    where: { endpointId: id, status: { in: ['failed', 'retrying'] } },
    data: { status: 'pending', claimedUntil: null },
  });
  return setStatus(tx, id, 'active');
}

export function disable(tx: Tx, id: string): Promise<WebhookEndpoint> {
  return setStatus(tx, id, 'disabled');
}

function setStatus(tx: Tx, id: string, status: EndpointStatus): Promise<WebhookEndpoint> {
  const seenTo = { failingSince: null, needsAttention: Prisma.DbNull };
  return tx.webhookEndpoint.update({ where: { id }, data: { status, ...seenTo } });
}

/** Calls a person: nothing more goes to it by itself. */
export async function stopSending(
  tx: Tx,
  id: string,
  status: 'failing' | 'disabled',
  needsAttention: NeedsAttention,
): Promise<void> {
  const failingSince = new Date(needsAttention.since);
  await tx.webhookEndpoint.updateMany({
    where: { id, status: 'active' },
    data: { status, failingSince, needsAttention: { ...needsAttention } },
  });
}

/** The secret before this one signs too until then. */
export function rotateSecret(tx: Tx, id: string, previousUntil: Date): Promise<WebhookEndpoint> {
  return tx.webhookEndpoint.update({
    where: { id },
    data: { secretVersion: { increment: 1 }, previousUntil },
  });
}

export async function deleteEndpoint(db: Tx, id: string): Promise<void> {
  await db.webhookEndpoint.delete({ where: { id } });
}
