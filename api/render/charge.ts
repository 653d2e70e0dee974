import type { z } from 'zod';

import type { ChargeView } from '../../prisma/charge-view.js';
import type { ApiDeps } from '../deps.js';
import type { charge } from '../schemas/charge.js';

type Shown = z.infer<typeof charge>;

type Rendering = Pick<ApiDeps, 'gateways'>;

export function renderCharge(row: ChargeView, api: Rendering, now = new Date()): Shown {
  return {
    id: row.id,
    renewal: row.renewalId,
    ordinal: row.ordinal,
    round: row.round,
    status: row.status as Shown['status'],
    gateway: row.account.gateway,
    gateway_account: { id: row.account.id, name: row.account.name },
    payment_method: row.paymentMethodId,
    fallback: row.fallback,
    why: row.why,
    on_page: row.pageSecretHash !== null,
    amount_minor: Number(row.amountMinor),
    currency: row.currency,
    decline: row.decline === null ? null : renderDecline(row.decline),
    reason: row.reason,
    resolves_by: row.status === 'unknown' ? resolvesBy(row, api, now) : null,
    gateway_reference: row.gatewayReference,
    planned_at: row.plannedAt.toISOString(),
    send_at: row.status === 'planned' ? (row.sendAt?.toISOString() ?? null) : null,
    first_sent_at: row.firstSentAt?.toISOString() ?? null,
    settled_at: row.settledAt?.toISOString() ?? null,
    surplus: row.surplus,
    reversed_at: row.reversedAt?.toISOString() ?? null,
  };
}

export function renderDecline(decline: unknown): NonNullable<Shown['decline']> {
  const { code, class: declineClass, message } = decline as NonNullable<Shown['decline']>;
  return { code, class: declineClass, message };
}

/** What decides an unknown charge, in the order in which it is tried: the gateway, the same request again, a person. */
function resolvesBy(row: ChargeView, { gateways }: Rendering, now: Date): string {
  const { id, account } = row;
  return [
    `${account.name} is asked again and again.`,
    sentAgain(row, now),
    gateways(account.gateway).afterItsKey,
    `An operator may decide it with POST /v1/charges/${id}/resolution.`,
  ].join(' ');
}

function sentAgain({ account, keyValidUntil, pageSecretHash }: ChargeView, now: Date): string {
  if (!keyValidUntil || keyValidUntil <= now)
    return `Its key is too old to send it again: it is only looked up.`;
  if (account.state === 'closed') return `The account is closed: it is only looked up.`;
  const until = keyValidUntil.toISOString();
  const again = pageSecretHash
    ? 'What the customer has approved on the page is taken under its key'
    : 'Where nothing of it is found it is sent again under the same key';
  return `${again}, until ${until}; after that it is only looked up.`;
}
