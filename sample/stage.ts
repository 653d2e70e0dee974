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

export async function setStage(
  api: Api,
  home: string,
  emulatorUrl: string | undefined,
): Promise<Stage> {
  const actors: Actor[] = [];
  // The emulator's own tokens mean nothing to Stripe itself.
  const cast = CAST.filter(({ token }) => emulatorUrl || !token.includes('attachThen'));
  for (const role of cast) actors.push(await enter(api, role, emulatorUrl));
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

async function enter(api: Api, role: Role, emulatorUrl: string | undefined): Promise<Actor> {
  const customer = await createCustomer(api, role.name);
  await api.addCard(customer, role.token);
  const description = `Sample: ${role.story}`;
  if (role.hiccup && emulatorUrl) await breakCharge(emulatorUrl, description);
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

async function createCustomer(api: Api, name: string): Promise<string> {
  const email = `${name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z]/g, '')}@example.com`;
  const time_zone = 'Europe/Berlin';
  const { id } = await api.createCustomer({ name, email, country: 'DE', locale: 'en', time_zone });
  return id;
}

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
