/** What a notice is written from, read when it is sent: the rows as they are then. */
import type { Aftermath } from '../domain/notice.js';
import type { Tx } from './client.js';
import type { Customer, Notice, Renewal, Subscription } from './generated/client.js';
import { type NoticeSettings, readSettings } from './settings.js';

export interface NoticeFacts {
  readonly settings: NoticeSettings | null;
  readonly customer: Customer;
  readonly renewal: Renewal;
  readonly subscription: Subscription;
  readonly after: Aftermath;
  /** What the notice names as its sum, in minor units. */
  readonly amountMinor: number;
  /** Whether the customer has heard of the case at all. */
  readonly wasTold: boolean;
  /** Of an announced debit: its day, and what is debited ("SEPA ···3000"). */
  readonly debit: { readonly at: Date; readonly method: string } | undefined;
}

export async function readNoticeFacts(tx: Tx, notice: Notice): Promise<NoticeFacts> {
  const { merchantId, customerId, renewalId, subject } = notice;
  const renewal = await tx.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const { subscriptionId } = renewal;
  const refund =
    notice.kind === 'refund_made'
      ? await tx.refund.findUniqueOrThrow({ where: { id: subject } })
      : undefined;
  const dunningCase = await tx.dunningCase.findUnique({ where: { id: subject } });
  return {
    settings: (await readSettings(tx, merchantId)).notices,
    customer: await tx.customer.findUniqueOrThrow({ where: { id: customerId } }),
    renewal,
    subscription: await tx.subscription.findUniqueOrThrow({ where: { id: subscriptionId } }),
    after: {
      caseStatus: dunningCase?.status,
      renewalStatus: renewal.status,
      refundStatus: refund?.status,
    },
    amountMinor: Number((refund ?? renewal).amountMinor),
    wasTold: await wasTold(tx, notice),
    debit: notice.kind === 'debit_announced' ? await readDebit(tx, notice) : undefined,
  };
}

async function wasTold(tx: Tx, { id, subject }: Notice): Promise<boolean> {
  const heard = [{ status: 'sent' }, { unanswered: { gt: 0 } }];
  return (await tx.notice.count({ where: { subject, id: { not: id }, OR: heard } })) > 0;
}

async function readDebit(tx: Tx, { renewalId, subject: paymentMethodId }: Notice) {
  const key = { renewalId, paymentMethodId };
  const told = await tx.debitNotice.findUniqueOrThrow({
    where: { renewalId_paymentMethodId: key },
  });
  const method = await tx.paymentMethod.findUniqueOrThrow({ where: { id: paymentMethodId } });
  return { at: told.debitAt, method: method.display };
}
