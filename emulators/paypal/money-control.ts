/** The control API of money that has moved, or may yet: banks, buyers, and people on PayPal's own pages. */
import { z } from 'zod';

import type { Act } from '../common/control.js';
import { type Account, quietly } from './account.js';
import { amount } from './amounts.js';
import { REVERSED_AS, renderCapture, settleCapture } from './captures.js';
import { alter, giveBack, remove, takePayment } from './dashboard.js';
import { STAGES, closeDispute, disputeOf, escalateDispute, openDispute } from './disputes.js';
import type { Emulator } from './emulator.js';
import { renderRefund, settleRefund } from './refunds.js';
import { reverseCapture } from './reversals.js';

type TableOf = (account: Account) => { get(id: string): unknown };
export type HolderOf = (kind: string, id: string, table: TableOf) => Account;

export function moneyActs(emulator: Emulator, holderOf: HolderOf): Record<string, Act> {
  const holders = holdersBy(holderOf);
  return { ...bankActs(holders), ...disputeActs(holders), ...dashboardActs(emulator, holders) };
}

type Holders = ReturnType<typeof holdersBy>;

/** Whose account a thing is in. */
function holdersBy(holderOf: HolderOf) {
  return {
    captureAt: (id: string, silent: boolean) =>
      told(
        holderOf('capture', id, (a) => a.captures),
        silent,
      ),
    refundAt: (id: string, silent: boolean) =>
      told(
        holderOf('refund', id, (a) => a.refunds),
        silent,
      ),
    disputeAt: (id: string, silent: boolean) =>
      told(
        holderOf('dispute', id, (a) => a.disputes),
        silent,
      ),
    bookedAt: (id: string) =>
      holderOf('capture or refund', id, (a) => (a.captures.get(id) ? a.captures : a.refunds)),
  };
}

function bankActs({ captureAt, refundAt }: Holders): Record<string, Act> {
  return {
    'POST /_emulator/settle': (body) => {
      const { capture: id, outcome, silent } = settlement.parse(body);
      const account = captureAt(id, silent);
      return renderCapture(account, settleCapture(account, id, outcome));
    },
    'POST /_emulator/captures/:id/reverse': (body, id) => {
      const account = captureAt(id, quiet.parse(body).silent);
      return renderCapture(account, reverseCapture(account, id));
    },
    'POST /_emulator/refunds/:id/settle': (body, id) => {
      const { outcome, silent } = refundEnd.parse(body);
      const account = refundAt(id, silent);
      return renderRefund(account, settleRefund(account, id, outcome), false);
    },
  };
}

function disputeActs({ captureAt, disputeAt }: Holders): Record<string, Act> {
  return {
    'POST /_emulator/captures/:id/dispute': (body, id) => {
      const { silent, ...complaint } = dispute.parse(body);
      return openDispute(captureAt(id, silent), id, complaint);
    },
    'POST /_emulator/disputes/:id/escalate': (body, id) =>
      escalateDispute(disputeAt(id, quiet.parse(body).silent), id),
    'POST /_emulator/disputes/:id/close': (body, id) => {
      const { outcome, capture_status: shown, silent } = closing.parse(body);
      return closeDispute(disputeAt(id, silent), id, outcome, shown);
    },
    'GET /_emulator/disputes/:id/evidence': (_, id) => ({
      evidences: disputeOf(disputeAt(id, false), id).evidences,
    }),
  };
}

function dashboardActs(emulator: Emulator, { captureAt, bookedAt }: Holders): Record<string, Act> {
  return {
    'POST /_emulator/dashboard/payments': (body) => {
      const { client_id: client, silent, ...asked } = payment.parse(body);
      const holder = client === undefined ? emulator.accounts()[0] : emulator.account(client);
      if (!holder) throw new Error('Nobody has an account here yet: say whose it is to be');
      const account = told(holder, silent);
      return renderCapture(account, takePayment(account, asked));
    },
    'POST /_emulator/dashboard/refunds': (body) => {
      const { capture, amount: part, silent } = refund.parse(body);
      const account = captureAt(capture, silent);
      return renderRefund(account, giveBack(account, capture, part), false);
    },
    'POST /_emulator/books': (body) => {
      const asked = correction.parse(body);
      if (asked.op === 'alter') alter(bookedAt(asked.id), asked.id, asked.amount);
      else remove(bookedAt(asked.id), asked.id);
      return asked;
    },
  };
}

/** `silent`: no webhook tells of it. */
function told(account: Account, silent: boolean): Account {
  return silent ? quietly(account) : account;
}

const text = z.string().min(1).max(127);
const quiet = z.strictObject({ silent: z.boolean().default(false) });
const settlement = quiet.extend({ capture: text, outcome: z.enum(['succeeded', 'declined']) });
const refundEnd = quiet.extend({ outcome: z.enum(['succeeded', 'failed']) });
const dispute = quiet.extend({
  reason: z.string().default('MERCHANDISE_OR_SERVICE_NOT_RECEIVED'),
  stage: z.enum(STAGES).default('CHARGEBACK'),
  amount: amount.optional(),
});
const closing = quiet.extend({
  outcome: z.enum(['won', 'lost']),
  capture_status: z.enum(REVERSED_AS).optional(),
});
const payment = quiet.extend({
  amount,
  custom_id: text.optional(),
  invoice_id: text.optional(),
  client_id: z.string().min(1).max(300).optional(),
});
const refund = quiet.extend({ capture: text, amount: amount.optional() });
const correction = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('alter'), id: text, amount }),
  z.strictObject({ op: z.literal('remove'), id: text }),
]);
