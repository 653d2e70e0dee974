/** Disputes: a buyer wants his money back. It leaves the merchant when the case is lost or the claim accepted. */
import { z } from 'zod';

import { type Account, isoTime } from './account.js';
import { amount, amountOf } from './amounts.js';
import { type Call, type Reply, link, ok } from './call.js';
import { type Capture, type ReversedAs, captureOf, entryOf } from './captures.js';
import { noSuch, refused } from './errors.js';
import { newId } from './ids.js';
import { ignored, instant, read, text, whole } from './params.js';

type Outcome = 'won' | 'lost';

export interface Dispute {
  readonly id: string;
  readonly capture: string;
  readonly reason: string;
  readonly status: 'WAITING_FOR_SELLER_RESPONSE' | 'UNDER_REVIEW' | 'RESOLVED';
  readonly outcome: Outcome | undefined;
  readonly units: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
}

export function openDispute(account: Account, captureId: string, reason: string): Dispute {
  const capture = captureOf(account, captureId);
  if (capture.status !== 'COMPLETED' || capture.dispute) throw refused('TRANSACTION_DISPUTED');
  const now = account.clock.now();
  const dispute: Dispute = {
    id: `PP-D-${newId(6)}`,
    capture: capture.id,
    reason,
    status: 'WAITING_FOR_SELLER_RESPONSE',
    outcome: undefined,
    units: capture.units - capture.refunded,
    created: now,
    updated: now,
  };
  account.captures.put(capture.id, { ...capture, dispute: 'open' });
  account.disputes.put(dispute.id, dispute);
  account.emit('CUSTOMER.DISPUTE.CREATED', renderDispute(account, dispute), 'A new dispute opened');
  return dispute;
}

export function closeDispute(
  account: Account,
  id: string,
  outcome: Outcome,
  reversedAs: ReversedAs = 'COMPLETED',
): Dispute {
  const old = disputeOf(account, id);
  if (old.status === 'RESOLVED') throw refused('INVALID_DISPUTE_STATUS');
  const closed = change(account, { ...old, status: 'RESOLVED', outcome });
  const capture = captureOf(account, old.capture);
  if (outcome === 'lost') reverse(account, { ...capture, reversedAs }, closed);
  else account.captures.put(capture.id, { ...capture, dispute: undefined });
  const rendered = renderDispute(account, closed);
  account.emit('CUSTOMER.DISPUTE.RESOLVED', rendered, 'A dispute was resolved');
  return closed;
}

export function retrieveDispute({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  return ok(renderDispute(account, disputeOf(account, ids['id']!)));
}

export function listDisputes({ account, query }: Call): Reply {
  const asked = read(listed, query, 'query');
  if (asked.start_time !== undefined && asked.disputed_transaction_id !== undefined)
    throw refused('INVALID_PARAMETER_VALUE', { field: 'start_time', location: 'query' });
  const { page_size: size = 10 } = asked;
  const found = account.disputes
    .all()
    .toReversed()
    .filter(
      (dispute) =>
        (asked.disputed_transaction_id === undefined ||
          dispute.capture === asked.disputed_transaction_id) &&
        (asked.dispute_state === undefined || asked.dispute_state === stateOf(dispute)) &&
        (asked.start_time === undefined || dispute.created >= asked.start_time) &&
        (asked.update_time_after === undefined || dispute.updated >= asked.update_time_after) &&
        (asked.update_time_before === undefined || dispute.updated <= asked.update_time_before),
    );
  const start = Number(asked.next_page_token ?? 0);
  const items = found.slice(start, start + size).map((dispute) => renderDispute(account, dispute));
  const { next_page_token: _, ...same } = query;
  const next = new URLSearchParams({ ...same, next_page_token: String(start + size) });
  const onward =
    found.length > start + size
      ? [link(account, 'next', `/v1/customer/disputes?${next.toString()}`)]
      : [];
  return ok({ items, links: [link(account, 'self', '/v1/customer/disputes'), ...onward] });
}

export function acceptClaim({ account, ids, body }: Call): Reply {
  read(acceptance, body);
  return ok(toldOf(account, closeDispute(account, ids['id']!, 'lost')));
}

export function provideEvidence({ account, ids, body }: Call): Reply {
  read(evidence, body);
  const dispute = disputeOf(account, ids['id']!);
  if (dispute.status !== 'WAITING_FOR_SELLER_RESPONSE') throw refused('INVALID_DISPUTE_STATUS');
  const sent = change(account, { ...dispute, status: 'UNDER_REVIEW' });
  account.emit('CUSTOMER.DISPUTE.UPDATED', renderDispute(account, sent), 'A dispute was updated');
  return ok(toldOf(account, sent));
}

const DAY_MS = 86_400_000;

function disputeOf(account: Account, id: string): Dispute {
  const dispute = account.disputes.get(id);
  if (!dispute) throw noSuch('dispute_id');
  return dispute;
}

function change(account: Account, dispute: Dispute): Dispute {
  const changed = { ...dispute, updated: account.clock.now() };
  account.disputes.put(changed.id, changed);
  return changed;
}

/** The money is taken back here, and nowhere else. */
function reverse(account: Account, capture: Capture, { id, units }: Dispute): void {
  const moment = { at: account.clock.now(), status: 'REVERSED' };
  const history = [...capture.history, moment];
  account.captures.put(capture.id, { ...capture, dispute: 'lost', history });
  account.journal.append(entryOf(account, capture, 'dispute', id, units, { request_id: null }));
  const resource = {
    id: newId(),
    status: 'COMPLETED',
    amount: amountOf(units, capture.amount.currency_code),
    ...(capture.invoice_id && { invoice_id: capture.invoice_id }),
    ...(capture.custom_id && { custom_id: capture.custom_id }),
    create_time: isoTime(moment.at),
    update_time: isoTime(moment.at),
    links: [link(account, 'up', `/v2/payments/captures/${capture.id}`)],
  };
  account.emit('PAYMENT.CAPTURE.REVERSED', resource, 'A payment capture was reversed');
}

function renderDispute(account: Account, dispute: Dispute): object {
  const { id, status, outcome, reason, units, created, updated } = dispute;
  const capture = captureOf(account, dispute.capture);
  const { currency_code: currency } = capture.amount;
  const code = outcome === 'lost' ? 'RESOLVED_BUYER_FAVOUR' : 'RESOLVED_SELLER_FAVOUR';
  return {
    dispute_id: id,
    create_time: isoTime(created),
    update_time: isoTime(updated),
    disputed_transactions: [
      {
        seller_transaction_id: capture.id,
        create_time: isoTime(capture.history[0]!.at),
        transaction_status: 'COMPLETED',
        gross_amount: capture.amount,
        ...(capture.invoice_id && { invoice_number: capture.invoice_id }),
        ...(capture.custom_id && { custom: capture.custom_id }),
        seller: { merchant_id: account.id },
      },
    ],
    reason,
    status,
    dispute_state: stateOf(dispute),
    dispute_amount: amountOf(units, currency),
    ...(outcome && {
      dispute_outcome: {
        outcome_code: code,
        amount_refunded: amountOf(outcome === 'lost' ? units : 0, currency),
      },
    }),
    dispute_life_cycle_stage: 'CHARGEBACK',
    dispute_channel: 'INTERNAL',
    seller_response_due_date: isoTime(created + 10 * DAY_MS),
    links: toldOf(account, dispute).links,
  };
}

function toldOf(account: Account, { id, status }: Dispute) {
  const self = `/v1/customer/disputes/${id}`;
  const answers =
    status === 'WAITING_FOR_SELLER_RESPONSE'
      ? [
          link(account, 'accept_claim', `${self}/accept-claim`, 'POST'),
          link(account, 'provide_evidence', `${self}/provide-evidence`, 'POST'),
        ]
      : [];
  return { links: [link(account, 'self', self), ...answers] };
}

function stateOf({ status }: Dispute): string {
  if (status === 'RESOLVED') return 'RESOLVED';
  return status === 'UNDER_REVIEW' ? 'UNDER_PAYPAL_REVIEW' : 'REQUIRED_ACTION';
}

const listed = z.strictObject({
  dispute_state: text(50).optional(),
  disputed_transaction_id: text(255).optional(),
  next_page_token: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  page_size: whole(1, 50).optional(),
  start_time: instant.optional(),
  update_time_after: instant.optional(),
  update_time_before: instant.optional(),
});
const acceptance = z.strictObject({
  accept_claim_reason: text(50).optional(),
  accept_claim_type: z.enum(['REFUND', 'REFUND_WITH_RETURN', 'PARTIAL_REFUND']).optional(),
  invoice_id: text(127).optional(),
  note: text(2000),
  refund_amount: amount.optional(),
  return_shipping_address: ignored,
});
const evidence = z.strictObject({
  evidences: z
    .array(
      z.strictObject({
        documents: ignored,
        evidence_info: ignored,
        evidence_type: text(255),
        item_id: ignored,
        notes: text(2000).optional(),
      }),
    )
    .min(1)
    .max(100),
  return_address: ignored,
});
