import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type StripeEmulator, startStripeEmulator } from '../../../emulators/stripe/server.js';
import { beforeKill } from '../killed.js';
import {
  type JournalEntry,
  OFF_SESSION,
  clientOf,
  control,
  refusal,
  savedCard,
} from './emulator.js';

const KEY = 'sk_test_restart';
let folder = '';
let stateFile = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stripe-emulator-'));
  stateFile = join(folder, 'state', 'stripe.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (): Promise<StripeEmulator> => startStripeEmulator({ port: 0, stateFile });

async function journal(emulator: Pick<StripeEmulator, 'url'>): Promise<JournalEntry[]> {
  return (await control<{ entries: JournalEntry[] }>(emulator, 'GET', 'journal')).entries;
}

describe('after a restart', () => {
  test('objects, keys, fates, the clock and the journal are as they were', async () => {
    const before = await start();
    const stripe = clientOf(before, KEY);
    const card = await savedCard(stripe, 'pm_card_attachThen_insufficient_funds_times_2');
    const options = { idempotencyKey: 'first' };
    const declined = await refusal(
      stripe.paymentIntents.create({ ...OFF_SESSION, ...card }, options),
    );
    await control(before, 'POST', 'clock', { advance_seconds: 3600 });
    await before.close();

    const after = await start();
    const again = clientOf(after, KEY);
    const replay = await refusal(again.paymentIntents.create({ ...OFF_SESSION, ...card }, options));
    expect(replay.charge).toBe(declined.charge);
    const id = declined.payment_intent!.id;
    const confirm = () => again.paymentIntents.confirm(id, { payment_method: card.payment_method });
    await refusal(confirm());
    expect((await confirm()).status).toBe('succeeded');
    expect(await journal(after)).toMatchObject([{ payment_intent: id }]);
    const { now_ms } = await control<{ now_ms: number }>(after, 'GET', 'clock');
    expect(now_ms).toBeGreaterThan(Date.now() + 3_500_000);
    await after.close();
  });

  test('a pending payment still settles, and a webhook owed is still sent', async () => {
    const before = await start();
    const stripe = clientOf(before, KEY);
    const card = await savedCard(stripe, 'pm_card_attachThen_pending_60');
    const { id } = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    await control(before, 'POST', 'webhooks', { mode: 'hold' });
    await control(before, 'POST', 'webhook_endpoints', { url: 'http://127.0.0.1:9/', secret: 's' });
    await stripe.customers.create();
    await before.close();

    const after = await start();
    const flushed = await control<{ failed: number }>(after, 'POST', 'webhooks/flush');
    expect(flushed.failed).toBe(1);
    await control(after, 'POST', 'clock', { advance_seconds: 61 });
    expect((await clientOf(after, KEY).paymentIntents.retrieve(id)).status).toBe('succeeded');
    await after.close();
  });

  test('a line torn by the kill is forgotten, and the file goes on after it', async () => {
    const before = await start();
    const kept = await clientOf(before, KEY).customers.create();
    await before.close();
    appendFileSync(stateFile, '[["acct_x/customers","cus_torn",{"id":"cus_');

    const between = await start();
    const added = await clientOf(between, KEY).customers.create();
    await between.close();

    const after = await start();
    for (const { id } of [kept, added])
      expect((await clientOf(after, KEY).customers.retrieve(id)).id).toBe(id);
    await after.close();
  });

  test('whatever was answered before a SIGKILL is there', async () => {
    const { id } = await beforeKill('stripe', stateFile, async (url) => {
      const stripe = clientOf({ port: Number(new URL(url).port) }, KEY);
      const card = await savedCard(stripe, 'pm_card_visa');
      return stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    });

    const after = await start();
    expect((await clientOf(after, KEY).paymentIntents.retrieve(id)).status).toBe('succeeded');
    expect(await journal(after)).toMatchObject([{ payment_intent: id, amount_minor: 1999 }]);
    await after.close();
  }, 20_000);
});

test('a busy port is refused with the code of the system', async () => {
  const first = await start();
  const second = startStripeEmulator({ port: first.port, stateFile: undefined });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
});
