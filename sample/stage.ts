/** Sets the stage: the sample's customers, cards and subscriptions, whose first renewals begin at once. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CAST, type Role } from './cast.js';
import type { Api } from './client.js';

export interface Actor {
  readonly role: Role;
  readonly subscription: string;
}

export interface Stage {
  readonly actors: readonly Actor[];
  /** A subscription that only the app starts renewals of: for the curl of the README. */
  readonly manual: string;
}

/** As kept in the state folder. */
interface Kept {
  readonly subscriptions: Readonly<Record<string, string>>;
  readonly manual: string;
}

/** The stage of an earlier start, if there is one. */
export function readStage(home: string): Stage | undefined {
  const file = join(home, 'sample.json');
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  const actors = CAST.flatMap((role) => {
    const subscription = kept.subscriptions[role.name];
    return subscription ? [{ role, subscription }] : [];
  });
  return { actors, manual: kept.manual };
}

export async function setStage(api: Api, home: string, emulators: Emulators): Promise<Stage> {
  const actors: Actor[] = [];
  const cast = CAST.filter((role) => canPlay(role, emulators));
  for (const role of cast) actors.push(await enter(api, role, emulators));
  const customer = await createCustomer(api, 'Ines');
  await api.addCard(customer, 'pm_card_visa');
  const { id: manual } = await api.subscribe({
    customer,
    amount_minor: 5000,
    currency: 'EUR',
    interval: 'month',
    collection: 'manual',
    description: 'Started by the app',
  });
  const names = actors.map(({ role, subscription }) => [role.name, subscription]);
  const kept: Kept = { subscriptions: Object.fromEntries(names) as Kept['subscriptions'], manual };
  writeFileSync(join(home, 'sample.json'), JSON.stringify(kept));
  writeFileSync(join(home, 'sample-subscription'), manual);
  return { actors, manual };
}

/** Where the emulators are, for the gateways that are emulated. */
interface Emulators {
  readonly stripe: string | undefined;
  readonly paypal: string | undefined;
}

/** An emulator's own tokens mean nothing to the vendor, and a wallet needs somebody who approves it. */
function canPlay({ token, wallet }: Role, { stripe, paypal }: Emulators): boolean {
  return (!wallet || Boolean(paypal)) && (Boolean(stripe) || !token?.includes('attachThen'));
}

async function enter(api: Api, role: Role, { stripe, paypal }: Emulators): Promise<Actor> {
  const customer = await createCustomer(api, role.name, role.locale);
  if (role.token) await api.addCard(customer, role.token);
  if (role.wallet && paypal)
    await api.addWallet(customer, await approvedWallet(paypal, role.wallet));
  const description = `Sample: ${role.story}`;
  if (role.hiccup && stripe) await breakCharge(stripe, description);
  const { id } = await api.subscribe({
    customer,
    amount_minor: role.amountMinor,
    currency: role.currency,
    interval: 'minute',
    cycles: 3,
    collection: 'automatic',
    dunning_policy: 'quick',
    description,
  });
  if (role.newCardAfterSeconds)
    setTimeout(() => {
      // The sample may be stopped by then; the next start shows what became of it.
      api.addCard(customer, 'pm_card_visa').catch(() => {});
    }, role.newCardAfterSeconds * 1000).unref();
  return { role, subscription: id };
}

async function createCustomer(api: Api, name: string, locale = 'en'): Promise<string> {
  const email = `${name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z]/g, '')}@example.com`;
  const time_zone = 'Europe/Berlin';
  const { id } = await api.createCustomer({ name, email, country: 'DE', locale, time_zone });
  return id;
}

/** What the customer's visit to PayPal's page leaves behind. */
async function approvedWallet(emulatorUrl: string, fate: string): Promise<string> {
  const response = await fetch(`${emulatorUrl}/_emulator/setup_tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: EMULATED_CLIENT, fate }),
  });
  return ((await response.json()) as { id: string }).id;
}

const EMULATED_CLIENT = 'dunlin-emulator-client';

/** The emulator charges the card and then cuts the connection: the outcome is unknown until it is asked for. */
async function breakCharge(emulatorUrl: string, description: string): Promise<void> {
  await fetch(`${emulatorUrl}/_emulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      match: { method: 'POST', path: '/v1/payment_intents', body: { description } },
      fault: 'reset_after',
      times: 1,
    }),
  });
}
