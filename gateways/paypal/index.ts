/** PayPal behind the gateway port: Orders v2, Payments v2 and Vault v3. */
import type { Books, Disputing, Gateway, Refunding } from '../gateway.js';
import { listMovements } from './books.js';
import { readDispute } from './disputes.js';
import { sendEvidence } from './evidence.js';
import { lookUp } from './look-up.js';
import { attachMethod, createSetup } from './methods.js';
import { nameCapture } from './orders.js';
import { completePage, openPage } from './pages.js';
import { listRefunds } from './refund-list.js';
import { composeRefund, lookUpRefund, refund } from './refunds.js';
import { release } from './release.js';
import { composePage, composeRequest } from './request.js';
import { readWebhook } from './webhook.js';
import { submit } from './submit.js';

/** PayPal keeps an order's request id for six hours; an hour less leaves room for a slow last send. */
const KEY_LIFE_MS = 5 * 3_600_000;

/** It keeps a refund's for 45 days; a day less leaves room for clocks and a slow last send. */
const REFUND_KEY_LIFE_MS = 44 * 86_400_000;

export const paypal: Gateway & {
  readonly refunding: Refunding;
  readonly disputing: Disputing;
  readonly books: Books;
} = {
  kinds: ['paypal'],
  // Its credentials do not say; its two hosts know none of each other's.
  modeOf: () => undefined,
  keyLifeMs: KEY_LIFE_MS,
  afterItsKey:
    "The last look-up is a search of the account's transactions, which lag by hours; that it does not show there is no proof.",
  // People see transactions, never orders.
  namedByHand: (name) => ({ reference: nameCapture(name), chargeReference: name }),
  compose: composeRequest,
  // Each charge makes an order of its own: there is nothing to look at before.
  prepare: () => Promise.resolve({ kind: 'ready', baseline: undefined }),
  submit,
  lookUp,
  composePage,
  openPage,
  completePage,
  release,
  readWebhook,
  attachMethod,
  createSetup,
  refunding: {
    refundKeyLifeMs: REFUND_KEY_LIFE_MS,
    composeRefund,
    refund,
    lookUpRefund,
    listRefunds,
  },
  disputing: { readDispute, sendEvidence },
  books: { listMovements },
};
