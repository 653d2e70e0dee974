/** Which endpoint answers which request. */
import type { Endpoint } from './call.js';
import { retrieveCapture } from './captures.js';
import {
  acceptClaim,
  listDisputes,
  provideEvidence,
  retrieveDispute,
} from './dispute-endpoints.js';
import type { Emulator } from './emulator.js';
import { listEvents, retrieveEvent } from './events.js';
import { notifications } from './notifications.js';
import { changeOrder } from './order-changes.js';
import { captureOrder, createOrder, retrieveOrder } from './orders.js';
import {
  createPaymentToken,
  deletePaymentToken,
  listPaymentTokens,
  retrievePaymentToken,
} from './payment-tokens.js';
import { createRefund, retrieveRefund } from './refunds.js';
import { listTransactions } from './reports.js';
import { createSetupToken, retrieveSetupToken } from './setup-tokens.js';

export function routes({
  webhooks,
  certificates,
  reportingLag,
}: Emulator): Record<string, Endpoint> {
  return {
    'POST /v3/vault/setup-tokens': createSetupToken,
    'GET /v3/vault/setup-tokens/:id': retrieveSetupToken,
    'POST /v3/vault/payment-tokens': createPaymentToken,
    'GET /v3/vault/payment-tokens': listPaymentTokens,
    'GET /v3/vault/payment-tokens/:id': retrievePaymentToken,
    'DELETE /v3/vault/payment-tokens/:id': deletePaymentToken,
    'POST /v2/checkout/orders': createOrder,
    'GET /v2/checkout/orders/:id': retrieveOrder,
    'PATCH /v2/checkout/orders/:id': changeOrder,
    'POST /v2/checkout/orders/:id/capture': captureOrder,
    'GET /v2/payments/captures/:id': retrieveCapture,
    'POST /v2/payments/captures/:id/refund': createRefund,
    'GET /v2/payments/refunds/:id': retrieveRefund,
    'GET /v1/reporting/transactions': (call) => listTransactions(call, reportingLag()),
    'GET /v1/customer/disputes': listDisputes,
    'GET /v1/customer/disputes/:id': retrieveDispute,
    'POST /v1/customer/disputes/:id/accept-claim': acceptClaim,
    'POST /v1/customer/disputes/:id/provide-evidence': provideEvidence,
    'GET /v1/notifications/webhooks-events': listEvents,
    'GET /v1/notifications/webhooks-events/:id': retrieveEvent,
    ...notifications(webhooks, certificates),
  };
}
