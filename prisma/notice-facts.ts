/** What a notice is written from, read when it is sent: the rows as they are then. */
import type { Aftermath } from '../domain/notice.js';
import { owesPeriod } from '../domain/subscription.js';
import type { Tx } from './client.js';
import type { Customer, Notice } from './generated/client.js';
import { type NoticeSettings, readSettings } from './settings.js';
import { agreementOf } from './subscription.js';

export interface NoticeFacts {
  readonly settings: NoticeSettings | null;
  readonly customer: Customer;
  readonly after: Aftermath;
  /** What the notice names as its sum, in minor units. */
  readonly amountMinor: number;
  readonly currency: string;
  /** What is paid for, if the app has given it a name. */
  readonly description: string | null;
  /** Whether the customer has heard of the case at all. */
  readonly wasTold: boolean;
  /** Of a debit, or of a period to come. */
  readonly day: Date | undefined;
  /** What is debited: "SEPA ···3000". */
  readonly method: string | undefined;
}

export async function readNoticeFacts(tx: Tx, notice: Notice, now: Date): Promise<NoticeFacts> {
  const { merchantId, customerId, renewalId } = notice;
  return {
    settings: (await readSettings(tx, merchantId)).notices,
    customer: await tx.customer.findUniqueOrThrow({ where: { id: customerId } }),
    wasTold: await wasTold(tx, notice),
    ...(renewalId === null
      ? await readUpcoming(tx, notice, now)
      : await readRenewal(tx, notice, renewalId)),
  };
}

type Said = Omit<NoticeFacts, 'settings' | 'customer' | 'wasTold'>;

async function readUpcoming(tx: Tx, notice: Notice, now: Date): Promise<Said> {
  const day = notice.periodStart!;
  const subscription = await tx.subscription.findUniqueOrThrow({
    where: { id: notice.subscriptionId! },
  });
  const { amountMinor, currency, description, nextPeriodStart } = subscription;
  const isNext = nextPeriodStart.getTime() === day.getTime() && day > now;
  return {
    amountMinor: Number(amountMinor),
    currency,
    description,
    after: {
      isUpcoming:
        isNext &&
        subscription.collection === 'automatic' &&
        owesPeriod(agreementOf(subscription), day.getTime()),
    },
    day,
    method: undefined,
  };
}

async function readRenewal(tx: Tx, { kind, subject }: Notice, renewalId: string): Promise<Said> {
  const renewal = await tx.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const subscription = await tx.subscription.findUniqueOrThrow({
    where: { id: renewal.subscriptionId },
  });
  const refund =
    kind === 'refund_made'
      ? await tx.refund.findUniqueOrThrow({ where: { id: subject } })
      : undefined;
  const dunningCase = await tx.dunningCase.findUnique({ where: { id: subject } });
  const debit = kind === 'debit_announced' ? await readDebit(tx, renewalId, subject) : undefined;
  return {
    amountMinor: Number((refund ?? renewal).amountMinor),
    currency: renewal.currency,
    description: renewal.description ?? subscription.description,
    after: {
      caseStatus: dunningCase?.status,
      renewalStatus: renewal.status,
      refundStatus: refund?.status,
    },
    day: debit?.day,
    method: debit?.method,
  };
}

async function wasTold(tx: Tx, { id, subject }: Notice): Promise<boolean> {
  const heard = [{ status: 'sent' }, { unanswered: { gt: 0 } }];
  return (await tx.notice.count({ where: { subject, id: { not: id }, OR: heard } })) > 0;
}

async function readDebit(tx: Tx, renewalId: string, paymentMethodId: string) {
  const key = { renewalId, paymentMethodId };
  const told = await tx.debitNotice.findUniqueOrThrow({
    where: { renewalId_paymentMethodId: key },
  });
  const method = await tx.paymentMethod.findUniqueOrThrow({ where: { id: paymentMethodId } });
  return { day: told.debitAt, method: method.display };
}
