/** The transaction search: the last resort for a charge whose key has died. It finds, and never proves absence. */
import { describe, expect, it } from 'vitest';

import { startPaypalEmulator } from '../../../emulators/paypal/server.js';
import type { FrozenCharge } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, chargeOf, issue, json, orderOf, startPaypal } from './stub.js';

const HOUR = 3_600_000;
const SENT = Date.now() - 10 * HOUR;

interface Books {
  readonly pages: readonly (readonly object[])[];
  readonly refreshed?: number | string | undefined;
}

async function search({ pages, refreshed = SENT + 8 * HOUR }: Books) {
  const charge = chargeOf({ resendable: false, firstSentAt: SENT });
  const own = { custom_field: charge.id, invoice_id: charge.renewalId };
  const stub = await startPaypal((seen, response) => {
    if (seen.path.startsWith('/v2/payments/captures/')) {
      const [capture] = orderOf(charge, { status: 'COMPLETED' }).purchase_units[0]!.payments!
        .captures;
      const related = { supplementary_data: { related_ids: { order_id: 'ORDER1' } } };
      return json(response, 200, { ...capture, ...related });
    }
    const page = Number(new URL(seen.path, 'http://x').searchParams.get('page'));
    const details = pages[page - 1] ?? [];
    return json(response, 200, {
      transaction_details: details.map((info) => ({
        transaction_info: {
          transaction_id: 'CAPTURE1',
          transaction_event_code: 'T0006',
          transaction_status: 'S',
          ...own,
          ...info,
        },
      })),
      total_pages: pages.length,
      last_refreshed_datetime:
        typeof refreshed === 'number' ? new Date(refreshed).toISOString() : refreshed,
    });
  });
  const found = await paypal.lookUp(accountAt(stub.url), charge);
  return { found, seen: stub.seen.filter(({ path }) => path.startsWith('/v1/reporting')) };
}

const OTHER = { custom_field: 'chg_other', transaction_id: 'CAPTURE0' };
const STRANGE = { custom_field: 'x', invoice_id: 'y', transaction_id: 'CAPTURE9' };

describe('the books', () => {
  it('show the payment of a charge, and its capture is read', async () => {
    const { found } = await search({ pages: [[STRANGE, {}]] });
    expect(found).toEqual({
      kind: 'succeeded',
      reference: 'ORDER1',
      chargeReference: 'CAPTURE1',
    });
  });

  it('are read to the last page', async () => {
    const { found, seen } = await search({ pages: [[STRANGE], [STRANGE], [{}]] });
    expect(found.kind).toBe('succeeded');
    expect(seen).toHaveLength(3);
  });

  it('are asked for a month from ten minutes before the first send, everything included', async () => {
    const { seen } = await search({ pages: [[]] });
    const query = new URL(seen[0]!.path, 'http://x').searchParams;
    const start = Date.parse(query.get('start_date')!);
    expect(start).toBe(Math.floor((SENT - 600_000) / 1000) * 1000);
    expect(Date.parse(query.get('end_date')!) - start).toBeLessThanOrEqual(31 * 24 * HOUR);
    expect(query.get('balance_affecting_records_only')).toBe('N');
    expect(query.get('page_size')).toBe('500');
  });

  it('show an earlier charge that was paid: a duplicate', async () => {
    expect((await search({ pages: [[OTHER]] })).found).toEqual({ kind: 'duplicate' });
  });

  it('count the charge’s own payment, however much an earlier one resembles it', async () => {
    expect((await search({ pages: [[OTHER], [{}]] })).found.kind).toBe('succeeded');
  });

  it.each([
    ['declined', { ...OTHER, transaction_status: 'D' }],
    ['reversed', { ...OTHER, transaction_status: 'V' }],
    ['only refunded', { ...OTHER, transaction_event_code: 'T1107' }],
    ['under another invoice', { ...OTHER, invoice_id: 'rnw_other' }],
  ])('show no duplicate in an earlier payment that is %s', async (_, other) => {
    expect((await search({ pages: [[other]] })).found).toMatchObject({ kind: 'unknown' });
  });

  it('take a refund that carries our id for no payment', async () => {
    const refund = { transaction_event_code: 'T1107' };
    expect((await search({ pages: [[refund]] })).found).toMatchObject({ kind: 'unknown' });
  });

  it('that show nothing leave the decision to a person, and are never proof', async () => {
    const { found } = await search({ pages: [[STRANGE]] });
    expect(found).toMatchObject({ kind: 'unknown', attention: true });
    expect(found).toHaveProperty('why', expect.stringContaining('resolveUnknown'));
  });

  it.each([
    ['are not refreshed far enough', SENT + 6.9 * HOUR],
    ['do not say how far they reach', undefined],
    ['say it in no form', 'yesterday'],
  ])('say nothing yet when they %s', async (_, refreshed) => {
    const books = { pages: [[OTHER]], refreshed: refreshed ?? 'nothing' };
    const { found } = await search(books);
    expect(found.kind).toBe('unknown');
    expect('attention' in found && found.attention).toBeFalsy();
  });

  it('say their time in PayPal’s own form, too', async () => {
    const refreshed = new Date(SENT + 8 * HOUR).toISOString().replace(/\.\d+Z$/, '+0000');
    expect((await search({ pages: [[]], refreshed })).found).toMatchObject({ attention: true });
  });

  it('longer than twenty pages are left to a person', async () => {
    const { found, seen } = await search({ pages: Array.from({ length: 30 }, () => [STRANGE]) });
    expect(found).toMatchObject({ kind: 'unknown', attention: true });
    expect(seen).toHaveLength(20);
  });

  it.each([
    ['without the permission', 403, true],
    ['in an outage', 503, false],
    ['too often', 429, false],
  ])('cannot be searched %s', async (_, status, attention) => {
    const stub = await startPaypal((__, response) => json(response, status, issue('X')));
    const charge = chargeOf({ resendable: false });
    expect(await paypal.lookUp(accountAt(stub.url), charge)).toMatchObject({
      kind: 'unknown',
      attention,
    });
  });

  it('count what has money in it before what has none', async () => {
    const declined = { transaction_id: 'CAPTURE7', transaction_status: 'D' };
    expect((await search({ pages: [[declined, {}]] })).found).toMatchObject({
      chargeReference: 'CAPTURE1',
    });
  });

  it('are not read in half: a page that is no page says nothing', async () => {
    const body = { transaction_details: [{ transaction_info: {} }] };
    const stub = await startPaypal((_, response) => json(response, 200, body));
    const found = await paypal.lookUp(accountAt(stub.url), chargeOf({ resendable: false }));
    expect(found).toMatchObject({ kind: 'unknown', attention: false });
  });
});

describe('a charge whose answer was lost, and whose key has died', () => {
  const CLIENT = 'client_books';
  /** Eleven hours later, on every clock there is. */
  async function elevenHoursAfter(act: (url: string, charge: FrozenCharge) => Promise<unknown>) {
    const emulator = await startPaypalEmulator({ port: 0, stateFile: undefined });
    const control = async (path: string, body: object) =>
      (await (
        await fetch(`${emulator.url}/_emulator/${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
        })
      ).json()) as { id: string };
    try {
      const account = accountAt(emulator.url, { secret: `${CLIENT}:secret_books` });
      const { id: token } = await control('setup_tokens', { client_id: CLIENT });
      const attached = await paypal.attachMethod(account, {
        token,
        customer: undefined,
        email: undefined,
        name: undefined,
        merchantId: 'mer_1',
        customerId: 'cus_1',
        key: 'key_books',
      });
      if (attached.kind !== 'attached') throw new Error(attached.why);
      const charge = chargeOf({}, 1999, attached.reference);
      await act(emulator.url, charge);
      await control('clock', { advance_seconds: 11 * 3600 });
      const askedAt = Date.now() + 11 * HOUR;
      return await paypal.lookUp(account, { ...charge, resendable: false, askedAt });
    } finally {
      await emulator.close();
    }
  }

  it('is found when it was executed', async () => {
    const found = await elevenHoursAfter((url, charge) =>
      paypal.submit(accountAt(url, { secret: `${CLIENT}:secret_books` }), charge),
    );
    expect(found.kind).toBe('succeeded');
  });

  it('is a person’s to decide when it was not', async () => {
    const found = await elevenHoursAfter(() => Promise.resolve());
    expect(found).toMatchObject({ kind: 'unknown', attention: true });
  });

  it('is a duplicate when another charge of the renewal was paid instead', async () => {
    const found = await elevenHoursAfter((url, charge) => {
      const first = chargeOf({}, 1999, vaultOf(charge), charge.renewalId);
      return paypal.submit(accountAt(url, { secret: `${CLIENT}:secret_books` }), first);
    });
    expect(found).toEqual({ kind: 'duplicate' });
  });

  const vaultOf = ({ request }: FrozenCharge): string =>
    (request as { order: { payment_source: { paypal: { vault_id: string } } } }).order
      .payment_source.paypal.vault_id;
});
