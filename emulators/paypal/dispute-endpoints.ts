/** The disputes API: disputes shown and listed, claims accepted, evidence taken. */
import { z } from 'zod';

import { amount } from './amounts.js';
import { type Call, type Reply, link, ok } from './call.js';
import { closeDispute, disputeOf, takeEvidence } from './disputes.js';
import { renderDispute, stateOf, toldOf } from './dispute-view.js';
import { refused } from './errors.js';
import { ignored, instant, read, text, whole } from './params.js';

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
  const { evidences } = read(evidence, body);
  const sent = takeEvidence(account, ids['id']!, evidences);
  return { ...ok(toldOf(account, sent)), made: { kind: 'dispute', id: sent.id } };
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
        documents: z.array(z.strictObject({ name: text(255) })).optional(),
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
