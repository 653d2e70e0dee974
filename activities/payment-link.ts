/** Payment links: a charge of its own that waits for the customer, and begins when the link is first used. */
import { isOpen, type ChargeStatus } from '../domain/charge.js';
import { DomainError } from '../domain/errors.js';
import type { Page } from '../gateways/gateway.js';
import { listCandidates } from '../prisma/candidate.js';
import {
  type ChargeWithAccount,
  type PageAddresses,
  chargeIdOf,
  insertPlanned,
  listCharges,
  readCharge,
  recordBaseline,
} from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { oweOwnerWake } from '../prisma/dispatch.js';
import {
  addressesOf,
  claimPage,
  dropUnusedPages,
  findPage,
  nameObject,
  newPageSecret,
  pageHashOf,
} from '../prisma/page-charge.js';
import { countRelease } from '../prisma/release.js';
import { lockRenewal } from '../prisma/renewal.js';
import { orderFor } from './charge-order.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';
import { exchangeOf } from './exchange.js';
import { releaseEarlier } from './release.js';
import { owed } from './take-money.js';

export interface LinkRequest {
  readonly renewalId: string;
  readonly addresses: PageAddresses;
  readonly expiresAt: Date;
}

export interface IssuedLink {
  readonly chargeId: string;
  /** Opens the page. It is told once. */
  readonly secret: string;
  readonly expiresAt: Date;
}

/** Plans the charge behind a link. An unused earlier link stops working. */
export async function issueLink(
  deps: Pick<Deps, 'gateways'>,
  tx: Tx,
  { renewalId, addresses, expiresAt }: LinkRequest,
  now: Date,
): Promise<IssuedLink> {
  const renewal = await lockRenewal(tx, renewalId);
  if (!owed(renewal) || renewal.cancelRequestedAt)
    throw new DomainError('conflict', 'renewal_closed', `The renewal is ${renewal.status}`);
  const { candidates } = await listCandidates(tx, renewal);
  const candidate = candidates.find(({ accountState }) => accountState === 'open');
  if (!candidate)
    throw new DomainError(
      'conflict',
      'no_payment_method',
      'No gateway account is open for the payment methods of this customer',
    );
  await dropUnusedPages(tx, renewalId);
  const charges = await listCharges(tx, renewalId);
  const ordinal = charges.length + 1;
  const id = chargeIdOf(renewal, ordinal);
  const order = await orderFor(tx, renewal, candidate, charges, id);
  const composed = deps.gateways(candidate.gateway).composePage(order);
  const secret = newPageSecret();
  await insertPlanned(tx, {
    id,
    renewal,
    candidate: { ...candidate, why: `the customer pays on a page; ${candidate.why}` },
    round: `page ${id}`,
    ordinal,
    page: { secretHash: pageHashOf(secret), expiresAt, addresses },
    now,
    ...composed,
  });
  return { chargeId: id, secret, expiresAt };
}

export type UsedLink =
  | Extract<Page, { kind: 'ready' }>
  /** Used up, replaced, expired, paid: `why` is for the customer. */
  | { readonly kind: 'over'; readonly why: string }
  | { readonly kind: 'under_way' }
  | { readonly kind: 'unavailable' };

/** What the page needs. The first use begins the charge and wakes its run, which follows it to its end. */
export async function useLink(deps: Deps, secret: string): Promise<UsedLink | undefined> {
  const found = await findPage(deps.db, secret);
  if (!found) return undefined;
  if (found.status === 'planned') {
    const refusal = await begin(deps, found);
    if (refusal) return refusal;
  }
  const charge = await readCharge(deps.db, found.id);
  if (!isOpen(charge.status as ChargeStatus)) return OVER;
  if (Date.now() > charge.pageExpiresAt!.getTime()) return OVER;
  const page = await openPage(deps, charge);
  if (page.kind === 'ready') return page;
  return page.kind === 'unavailable' || page.kind === 'refused' ? { kind: 'unavailable' } : OVER;
}

const OVER = { kind: 'over', why: 'This link was used, replaced, or has expired' } as const;

async function begin(deps: Deps, charge: ChargeWithAccount): Promise<UsedLink | undefined> {
  const now = new Date();
  if (charge.pageExpiresAt! < now) return OVER;
  if (charge.account.state !== 'open') return { kind: 'unavailable' };
  const wake = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, charge.renewalId);
    if (!owed(renewal) || renewal.cancelRequestedAt) return 'over';
    const claimed = await claimPage(tx, charge.id, {
      now,
      keyValidUntil: new Date(now.getTime() + deps.keyLives[charge.account.gateway]!),
      expiresAt: new Date(now.getTime() + deps.tempo.pageMs),
    });
    return claimed ? oweOwnerWake(tx, renewal, now) : 'under_way';
  });
  if (wake === 'over') return OVER;
  if (wake === 'under_way') return { kind: 'under_way' };
  // What cannot be sent now is sent by the sweep.
  await sendDispatch(deps, wake).catch(() => {});
  return undefined;
}

/** Repeatable: the object is made once, under a key of its own, and its name and state are kept before it is shown. */
export async function openPage(deps: Deps, charge: ChargeWithAccount): Promise<Page> {
  const unreleased = await releaseEarlier(deps, charge);
  if (unreleased) return { kind: 'unavailable', why: unreleased };
  const exchange = await exchangeOf(deps, charge);
  if (exchange.kind === 'unusable') return { kind: 'unavailable', why: exchange.answer.why };
  const { gateway, account, charge: frozen } = exchange;
  const prepared = await gateway.prepare(account, frozen);
  if (prepared.kind === 'unreadable') return { kind: 'unavailable', why: prepared.why };
  if (prepared.kind === 'duplicate') return prepared;
  if (prepared.kind === 'gone') return { kind: 'gone', why: 'The payment was canceled' };
  if (prepared.baseline) await recordBaseline(deps.db, charge.id, prepared.baseline);
  const page = await gateway.openPage(account, frozen, addressesOf(charge));
  if (page.kind !== 'ready') return page;
  if (await nameObject(deps.db, charge.id, page.reference)) return page;
  // Decided while its object was made: nobody may pay on that.
  const late = { ...frozen, reference: page.reference };
  await gateway.release(account, late, await countRelease(deps.db, charge.id));
  return { kind: 'gone', why: 'The payment was decided meanwhile' };
}
