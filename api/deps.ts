/** What the API is made of: everything it reaches outside its own folder is handed to it here. */
import type { Logger } from 'pino';

import type { Account, Gateway, Page, PageAddresses, WebhookAccount } from '../gateways/gateway.js';
import type { Database, Tx } from '../prisma/client.js';
import type { Dispatch } from '../prisma/dispatch.js';
import type { Dispute } from '../prisma/dispute.js';
import type { GatewayAccount } from '../prisma/gateway-account.js';
import type { Messenger } from '../outbound/messenger.js';
import type { Refund } from '../prisma/refund.js';
import type { Launch } from '../temporal/launch.js';

export interface ApiDeps {
  readonly db: Database;
  readonly launch: Launch;
  readonly logger: Logger;
  /** The port by vendor name. */
  readonly gateways: (name: string) => Gateway;
  /** Credentials resolved. Throws when they cannot be. */
  readonly accountFor: (row: GatewayAccount) => Account;
  /** The same for its webhooks. Throws when their secrets cannot be read. */
  readonly webhookAccountFor: (row: GatewayAccount) => WebhookAccount;
  /** Whether a test account may send there instead of to its vendor. */
  readonly permitsBase: (apiBase: string) => boolean;
  /** Signals what a stored webhook is about. It never throws: what it misses is swept up. */
  readonly dispatchWebhook: (gatewayEventId: string) => Promise<void>;
  /** Where the Temporal UI shows a workflow. */
  readonly temporalLink: (workflowId: string) => string;
  readonly readNextStep: (renewalId: string) => Promise<NextStep | null>;
  readonly paymentLinks: PaymentLinks;
  /** What webhook endpoints may be, and what they verify with. */
  readonly messenger: Pick<Messenger, 'secretOf' | 'urlFault'>;
  readonly methodLinks: MethodLinks;
  /** In development: the letters that no mail server was there for. */
  readonly mailbox?: Mailbox | undefined;
  readonly planRefund: PlanRefund;
  /** Owes the run of a dispute a look at it. */
  readonly wakeDispute: (tx: Tx, dispute: Dispute, now: Date) => Promise<Dispatch>;
  /** Express's "trust proxy" setting. By default no forwarded address is believed. */
  readonly trustProxy?: boolean | number | string | undefined;
  readonly rateLimit?: RateLimits | undefined;
  /** Aborted when the process stops: requests that wait for an outcome answer at once. */
  readonly stopping?: AbortSignal | undefined;
}

/** Links with which a customer pays a renewal on a page. */
interface PaymentLinks {
  issue(tx: Tx, asked: AskedLink, now: Date): Promise<{ chargeId: string; secret: string }>;
  /** Undefined: there is no such link. */
  use(secret: string): Promise<UsedLink | undefined>;
}

/** Signed links with which a customer gives another payment method. */
interface MethodLinks {
  /** Undefined: it is not ours, or its time is over. */
  read(token: string, now: Date): { customerId: string; renewalId: string } | undefined;
}

interface Mailbox {
  list(): readonly Mail[];
  find(messageId: string): Mail | undefined;
}

export interface Mail {
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly date: Date;
}

/** Writes a refund and the start that its run is owed. Refusals are conflicts. */
type PlanRefund = (
  tx: Tx,
  wish: {
    readonly id: string;
    readonly chargeId: string;
    readonly amountMinor?: number | undefined;
    readonly kind: 'requested' | 'duplicate' | 'fraud';
    readonly reason: string;
    readonly origin: 'app';
    readonly requestedBy: string;
  },
  now: Date,
) => Promise<{ readonly refund: Refund; readonly dispatches: readonly Dispatch[] }>;

interface AskedLink {
  readonly renewalId: string;
  readonly addresses: PageAddresses;
  readonly expiresAt: Date;
}

type UsedLink =
  | Extract<Page, { kind: 'ready' }>
  | { readonly kind: 'over'; readonly why: string }
  | { readonly kind: 'under_way' | 'unavailable' };

export interface NextStep {
  readonly kind: string;
  readonly at: Date | null;
  readonly why: string;
}

/** Requests per minute and process. */
export interface RateLimits {
  readonly perKey: number;
  readonly webhooksPerAddress: number;
}

export const SCOPES = ['read', 'write', 'operate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks: the API key as far as the rest may know it. */
export interface Caller {
  readonly keyId: string;
  readonly keyName: string;
  readonly merchantId: string;
  readonly mode: 'test' | 'live';
  readonly scopes: readonly string[];
}
