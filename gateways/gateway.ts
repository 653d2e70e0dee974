/**
 * The gateway port: the few verbs through which Dunlin speaks to any payment gateway.
 *
 * One folder per vendor implements it, and vendor words stop at that folder's door. No verb throws for anything
 * the gateway or the network does: what happened is a value.
 */
import type { Account } from './port/account.js';
import type {
  Answer,
  ChargeOrder,
  Composed,
  FrozenCharge,
  LookUp,
  Prepared,
  Released,
} from './port/charge.js';
import type { AttachRequest, Attached, Setup, SetupRequest } from './port/method.js';
import type { Page, PageAddresses } from './port/page.js';
import type { Books } from './port/books.js';
import type { Disputing } from './port/dispute.js';
import type { Refunding } from './port/refund.js';
import type { WebhookAccount, WebhookHeaders, WebhookRead } from './port/webhook.js';

export type * from './port/account.js';
export type * from './port/books.js';
export type * from './port/charge.js';
export type * from './port/dispute.js';
export type * from './port/method.js';
export type * from './port/page.js';
export type * from './port/refund.js';
export type * from './port/webhook.js';

export interface Gateway {
  /** The kinds of payment method it offers, such as "card". */
  readonly kinds: readonly string[];
  /** Which mode a secret is for, where secrets say so. */
  modeOf(secret: string): Account['mode'] | undefined;
  /**
   * How long after the first send a re-send under the same key is safe, in milliseconds: at least an hour less than the
   * gateway keeps it. Two hours after that no send can take effect any more, and `absent` is proof.
   */
  readonly keyLifeMs: number;
  /** For operators: what it means that a charge does not show once its key has died. One sentence. */
  readonly afterItsKey: string;
  /** The name of a payment as a person reads it at the gateway, in the port's words. */
  namedByHand(reference: string): {
    readonly reference?: string;
    readonly chargeReference?: string;
  };
  /** The request of a charge, to be frozen in its row. Pure. Throws a DomainError for what it cannot be asked for. */
  compose(order: ChargeOrder): Composed;
  /** Reads how the object stands that the send will change. Called after the claim, before the send. */
  prepare(account: Account, charge: FrozenCharge): Promise<Prepared>;
  /** Sends the frozen request under the charge's key. */
  submit(account: Account, charge: FrozenCharge): Promise<Answer>;
  /** Asks what became of a charge, without changing anything. */
  lookUp(account: Account, charge: FrozenCharge): Promise<LookUp>;
  /** The request of a charge that the customer completes on a page: an object that nobody has confirmed yet. Pure. */
  composePage(order: ChargeOrder): Composed;
  /** Makes that object, or takes the living one, under "{charge id}:create". Moves no money; safe to repeat. */
  openPage(account: Account, charge: FrozenCharge, addresses: PageAddresses): Promise<Page>;
  /**
   * What became of a charge on a page. Takes the money, under the charge's key, once the customer has approved it
   * and only the merchant's word is missing. An attempt that failed on the page is `pending`: the customer may try
   * again there until it is released.
   */
  completePage(account: Account, charge: FrozenCharge): Promise<LookUp>;
  /** Makes sure the object of a charge can never succeed any more. `attempt` counts releases from 1. */
  release(account: Account, charge: FrozenCharge, attempt: number): Promise<Released>;
  /** Verifies a webhook's raw bytes against any of the account's secrets. */
  readWebhook(account: WebhookAccount, raw: Buffer, headers: WebhookHeaders): Promise<WebhookRead>;
  /** Attaches a token to a customer, so that renewals can be charged to it. */
  attachMethod(account: Account, request: AttachRequest): Promise<Attached>;
  /** Begins the capture of a payment method where only the gateway sees it. */
  createSetup(account: Account, request: SetupRequest): Promise<Setup>;
  /** How it gives money back; absent where it cannot be asked to. */
  readonly refunding?: Refunding;
  /** How it tells of disputes; absent where it does not. */
  readonly disputing?: Disputing;
  /** How its books are read; absent where they cannot be. */
  readonly books?: Books;
}
