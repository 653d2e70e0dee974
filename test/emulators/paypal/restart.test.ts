import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type PaypalEmulator, startPaypalEmulator } from '../../../emulators/paypal/server.js';
import { beforeKill } from '../killed.js';
import {
  type JournalEntry,
  ORDERS,
  captureIn,
  control,
  merchantAt,
  renewal,
  speak,
} from './emulator.js';

const CLIENT = 'restart-client';
let folder = '';
let stateFile = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paypal-emulator-'));
  stateFile = join(folder, 'state', 'paypal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (): Promise<PaypalEmulator> => startPaypalEmulator({ port: 0, stateFile });
const merchantOf = ({ url }: Pick<PaypalEmulator, 'url'>) => merchantAt(() => url, CLIENT);

async function journal(emulator: Pick<PaypalEmulator, 'url'>): Promise<JournalEntry[]> {
  return (await control<{ entries: JournalEntry[] }>(emulator, 'GET', 'journal')).entries;
}

describe('after a restart', () => {
  test('tokens, request ids, fates, invoices, the clock and the journal are as they were', async () => {
    const before = await start();
    const merchant = merchantOf(before);
    const vaultId = await merchant.vaulted('INSTRUMENT_DECLINED_times_1');
    const body = renewal(vaultId, { invoice_id: 'rnw_1' });
    await merchant.post(ORDERS, body, { requestId: 'declined' });
    const paid = await merchant.post(ORDERS, body, { requestId: 'paid' });
    await control(before, 'POST', 'clock', { advance_seconds: 3600 });
    await before.close();

    const after = await start();
    const again = merchantOf(after);
    const statuses: number[] = [];
    for (const requestId of ['declined', 'paid', 'third'])
      statuses.push((await again.post(ORDERS, body, { requestId })).status);
    expect(statuses).toEqual([422, 200, 422]);
    expect(await journal(after)).toMatchObject([{ id: captureIn(paid.body).id }]);
    const { now_ms } = await control<{ now_ms: number }>(after, 'GET', 'clock');
    expect(now_ms).toBeGreaterThan(Date.now() + 3_500_000);
    await after.close();
  });

  test('a pending capture still settles, and the same root vouches for the webhook owed', async () => {
    const before = await start();
    const root = async ({ url }: PaypalEmulator) =>
      (await speak(`${url}/_emulator/root_certificate`)).body;
    const vouched = await root(before);
    const merchant = merchantOf(before);
    const body = renewal(await merchant.vaulted('pending_ECHECK_60'));
    await control(before, 'POST', 'webhooks', { mode: 'hold' });
    const url = 'http://127.0.0.1:9/';
    await control(before, 'POST', 'webhook_endpoints', { url });
    const { body: order } = await merchant.post(ORDERS, body, { requestId: 'slow' });
    await before.close();

    const after = await start();
    expect(await root(after)).toBe(vouched);
    const flushed = await control<{ failed: number }>(after, 'POST', 'webhooks/flush');
    expect(flushed.failed).toBe(2);
    await control(after, 'POST', 'clock', { advance_seconds: 61 });
    const { body: capture } = await merchantOf(after).get(
      `/v2/payments/captures/${captureIn(order).id}`,
    );
    expect(capture.status).toBe('COMPLETED');
    await after.close();
  });

  test('a line torn by the kill is forgotten, and the file goes on after it', async () => {
    const before = await start();
    const kept = await merchantOf(before).vaulted();
    await before.close();
    appendFileSync(stateFile, '[["X/orders","TORN",{"id":"TO');

    const between = await start();
    const added = await merchantOf(between).vaulted();
    await between.close();

    const after = await start();
    for (const id of [kept, added])
      expect((await merchantOf(after).get(`/v3/vault/payment-tokens/${id}`)).status).toBe(200);
    await after.close();
  });

  test('whatever was answered before a SIGKILL is there', async () => {
    const { body, order } = await beforeKill('paypal', stateFile, async (url) => {
      const merchant = merchantOf({ url });
      const body = renewal(await merchant.vaulted());
      const { body: order } = await merchant.post(ORDERS, body, { requestId: 'kill' });
      return { body, order };
    });

    const after = await start();
    const repeat = await merchantOf(after).post(ORDERS, body, { requestId: 'kill' });
    expect([repeat.status, repeat.body.id]).toEqual([200, order.id]);
    expect(await journal(after)).toMatchObject([{ order: order.id, amount_minor: 1999 }]);
    await after.close();
  }, 20_000);
});

test('a busy port is refused with the code of the system', async () => {
  const first = await start();
  const second = startPaypalEmulator({ port: first.port, stateFile: undefined });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
});
