/** The emulated gateways as one command uses them: their accounts, what they were asked, and the money they moved. */
import { type GatewayAccount, createGatewayAccount } from '../../prisma/gateway-account.js';
import type { Parts } from '../../processes/compose.js';
import { type Emulator, emulatorAt, renewalOf } from '../../test/support/emulator.js';

/** Credentials that only an emulator takes; accounts name them as `env:…`. */
export const SECRETS = {
  BENCH_STRIPE_KEY: 'sk_test_dunlin',
  BENCH_STRIPE_WEBHOOK_SECRET: 'whsec_dunlin',
  BENCH_PAYPAL_CREDENTIALS: 'dunlin-test-client:dunlin-test-secret',
  BENCH_PAYPAL_WEBHOOK_ID: '8PT597110X687430L',
};

/** The setting with which accounts may send to emulators. */
export const EMULATED = { GATEWAY_API_BASES: 'http://127.0.0.1:*' };

const REFERENCES = {
  stripe: ['env:BENCH_STRIPE_KEY', 'env:BENCH_STRIPE_WEBHOOK_SECRET'],
  paypal: ['env:BENCH_PAYPAL_CREDENTIALS', 'env:BENCH_PAYPAL_WEBHOOK_ID'],
} as const;

export type GatewayName = keyof typeof REFERENCES;

export interface EmulatedGateway {
  readonly name: GatewayName;
  readonly account: GatewayAccount;
  readonly emulator: Emulator;
}

export async function openGateway(
  { db }: Parts,
  merchantId: string,
  name: GatewayName,
  url: string,
  sendsPerSecond?: number,
): Promise<EmulatedGateway> {
  const [secretRef, webhookSecretRef] = REFERENCES[name];
  const account = await createGatewayAccount(db, {
    merchantId,
    name,
    gateway: name,
    mode: 'test',
    secretRef,
    webhookSecretRefs: [webhookSecretRef],
    apiBase: url,
    sendsPerSecond,
  });
  return { name, account, emulator: emulatorAt(url) };
}

/** Money that a bank would say has moved. */
export interface Moved {
  readonly gateway: GatewayName;
  /** The gateway's name of the payment. */
  readonly payment: string;
  readonly renewal: string | undefined;
  readonly amount: string;
  /** Of the request that moved it: a charge's id. */
  readonly key: string | null | undefined;
}

export async function moneyMoved(gateways: readonly EmulatedGateway[]): Promise<Moved[]> {
  const journals = await Promise.all(
    gateways.map(async ({ name, emulator }) =>
      (await emulator.journal())
        .filter(({ kind }) => kind === 'charge')
        .map((entry) => ({
          gateway: name,
          payment: entry.id,
          renewal: renewalOf(entry),
          amount: `${entry.currency.toUpperCase()} ${entry.amount_minor}`,
          key: entry.idempotency_key,
        })),
    ),
  );
  return journals.flat();
}

export interface Asked {
  readonly gateway: GatewayName;
  readonly request_id: string;
  /** ISO time of its answer. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly idempotency_key: string | null;
  readonly status: number | null;
  readonly fault: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An emulator forgets all but its newest requests, so they are fetched again and again while it is busy. */
export function requestLog(gateways: readonly EmulatedGateway[]) {
  const known = new Map<string, Asked>();
  return {
    async fetch(): Promise<void> {
      for (const { name, emulator } of gateways) {
        const { requests } = await emulator.call<{ requests: Asked[] }>('GET', 'requests');
        for (const asked of requests) known.set(asked.request_id, { ...asked, gateway: name });
      }
    },
    /** What was asked from then on, oldest first. */
    since: (at: number): Asked[] =>
      [...known.values()].filter((asked) => Date.parse(asked.at) >= at),
  };
}
