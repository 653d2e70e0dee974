/** Which endpoint answers which request. */
import { listBalanceTransactions, retrieveBalanceTransaction } from './balance-transactions.js';
import type { Endpoint } from './call.js';
import { listCharges, retrieveCharge } from './charges.js';
import { confirmPaymentIntent } from './confirmation.js';
import { createCustomer, retrieveCustomer, updateCustomer } from './customers.js';
import { acceptDispute, updateDispute } from './dispute-evidence.js';
import { listDisputes, retrieveDispute } from './disputes.js';
import { listEvents, retrieveEvent } from './events.js';
import { createFile, retrieveFile } from './files.js';
import { retrieveMandate } from './mandates.js';
import { searchPaymentIntents } from './payment-intent-search.js';
import {
  cancelPaymentIntent,
  createPaymentIntent,
  listPaymentIntents,
  retrievePaymentIntent,
  updatePaymentIntent,
} from './payment-intents.js';
import {
  attachPaymentMethod,
  createPaymentMethod,
  detachPaymentMethod,
  listCustomerPaymentMethods,
  listPaymentMethods,
  retrievePaymentMethod,
} from './payment-methods.js';
import { cancelRefund, createRefund, listRefunds, retrieveRefund } from './refunds.js';
import {
  cancelSetupIntent,
  confirmSetupIntent,
  createSetupIntent,
  retrieveSetupIntent,
} from './setup-intents.js';
import type { WebhookEndpoints } from './webhook-endpoints.js';
import type { Webhooks } from './webhooks.js';

interface RouteNeeds {
  readonly endpoints: WebhookEndpoints;
  readonly webhooks: Webhooks;
  readonly searchDelaySeconds: () => number;
}

/** The first match wins: `search` comes before `:id`. */
export function routes({
  endpoints,
  webhooks,
  searchDelaySeconds,
}: RouteNeeds): Record<string, Endpoint> {
  return {
    'POST /v1/customers': createCustomer,
    'GET /v1/customers/:id': retrieveCustomer,
    'POST /v1/customers/:id': updateCustomer,
    'GET /v1/customers/:id/payment_methods': listCustomerPaymentMethods,
    'POST /v1/payment_methods': createPaymentMethod,
    'GET /v1/payment_methods': listPaymentMethods,
    'GET /v1/payment_methods/:id': retrievePaymentMethod,
    'POST /v1/payment_methods/:id/attach': attachPaymentMethod,
    'POST /v1/payment_methods/:id/detach': detachPaymentMethod,
    'POST /v1/setup_intents': createSetupIntent,
    'GET /v1/setup_intents/:id': retrieveSetupIntent,
    'POST /v1/setup_intents/:id/confirm': confirmSetupIntent,
    'POST /v1/setup_intents/:id/cancel': cancelSetupIntent,
    'GET /v1/mandates/:id': retrieveMandate,
    'POST /v1/payment_intents': createPaymentIntent,
    'GET /v1/payment_intents': listPaymentIntents,
    'GET /v1/payment_intents/search': (call) => searchPaymentIntents(call, searchDelaySeconds()),
    'GET /v1/payment_intents/:id': retrievePaymentIntent,
    'POST /v1/payment_intents/:id': updatePaymentIntent,
    'POST /v1/payment_intents/:id/confirm': confirmPaymentIntent,
    'POST /v1/payment_intents/:id/cancel': cancelPaymentIntent,
    'GET /v1/charges': listCharges,
    'GET /v1/charges/:id': retrieveCharge,
    'POST /v1/refunds': createRefund,
    'GET /v1/refunds': listRefunds,
    'GET /v1/refunds/:id': retrieveRefund,
    'POST /v1/refunds/:id/cancel': cancelRefund,
    'GET /v1/disputes': listDisputes,
    'GET /v1/disputes/:id': retrieveDispute,
    'POST /v1/disputes/:id': updateDispute,
    'POST /v1/disputes/:id/close': acceptDispute,
    'POST /v1/files': createFile,
    'GET /v1/files/:id': retrieveFile,
    'GET /v1/balance_transactions': listBalanceTransactions,
    'GET /v1/balance_transactions/:id': retrieveBalanceTransaction,
    'GET /v1/events': (call) => listEvents(call, webhooks.isUndelivered),
    'GET /v1/events/:id': retrieveEvent,
    'POST /v1/webhook_endpoints': endpoints.create,
    'GET /v1/webhook_endpoints': endpoints.list,
    'GET /v1/webhook_endpoints/:id': endpoints.retrieve,
    'DELETE /v1/webhook_endpoints/:id': endpoints.remove,
  };
}
