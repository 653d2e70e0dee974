/** Debit notices: when the payer of a bank debit was told what will be taken, and on which day. */
import { noticeMs } from '../domain/debit-notice.js';
import type { Candidate } from './candidate.js';
import type { Tx } from './client.js';
import { recordEvent } from './event.js';
import type { Renewal } from './generated/client.js';
import { planNotice } from './notice.js';

/** Announces a debit once per renewal and method. Answers the moment from which it may be taken. */
export async function announceDebit(
  tx: Tx,
  renewal: Renewal,
  { id: paymentMethodId, kind, debitNoticeDays }: Candidate,
  now: Date,
): Promise<Date> {
  const notice = noticeMs(kind, debitNoticeDays);
  if (notice === 0) return now;
  const { id: renewalId, merchantId, subscriptionId } = renewal;
  const key = { renewalId, paymentMethodId };
  const told = await tx.debitNotice.findUnique({ where: { renewalId_paymentMethodId: key } });
  if (told) return told.debitAt;
  const debitAt = new Date(now.getTime() + notice);
  await tx.debitNotice.create({ data: { ...key, merchantId, debitAt, createdAt: now } });
  const announced = { kind: 'debit_announced', subject: paymentMethodId, step: renewalId } as const;
  await planNotice(tx, renewal, announced, now);
  const payload = {
    renewal: renewalId,
    subscription: subscriptionId,
    payment_method: paymentMethodId,
    amount_minor: Number(renewal.amountMinor),
    currency: renewal.currency,
    debit_at: debitAt.toISOString(),
  };
  const type = 'renewal.debit_announced';
  await recordEvent(tx, { merchantId, subscriptionId, type, payload, at: now });
  return debitAt;
}
