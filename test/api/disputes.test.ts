import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { newId } from '../../prisma/new-id.js';
import { type House, aKeyWith, openHouse } from './harness.js';
import { type Seeded, seedPastDue } from './seed.js';

let house: House;
let seeded: Seeded;
let dispute: string;
beforeAll(async () => {
  house = await openHouse();
  seeded = await seedPastDue(house, house.merchant);
});
afterAll(() => house.close());
beforeEach(async () => void (dispute = await seedDispute()));

const PDF = Buffer.from('%PDF-1.4 the invoice').toString('base64');
const invoice = { name: 'invoice.pdf', content_type: 'application/pdf', data: PDF };
const IN_A_WEEK = new Date(Date.now() + 7 * 86_400_000);

async function seedDispute(changes: object = {}): Promise<string> {
  const id = newId('dis');
  await house.db.dispute.create({
    data: {
      id,
      merchantId: house.merchant.id,
      renewalId: seeded.renewal,
      subscriptionId: seeded.subscription,
      chargeId: seeded.charge,
      gatewayAccountId: house.merchant.accountId,
      gatewayReference: `dp_${id}`,
      inquiry: false,
      reason: 'fraudulent',
      amountMinor: 1900,
      currency: 'EUR',
      status: 'needs_response',
      respondBy: IN_A_WEEK,
      openedAt: new Date(),
      ...changes,
    },
  });
  return id;
}

const put = (body: unknown, id = dispute, key?: string) =>
  house.call('PUT', `/v1/disputes/${id}/evidence`, { body, ...(key && { key }) });
const evidenceOf = async (id: string) =>
  (await house.db.dispute.findUniqueOrThrow({ where: { id } })).evidence;
const change = (data: object, id = dispute) => house.db.dispute.update({ where: { id }, data });

describe('a dispute', () => {
  it('is shown with its deadline, its run and what a person must do', async () => {
    const attention = { since: new Date().toISOString(), why: 'It waits', next: 'It is lost' };
    await change({ needsAttention: attention });
    const { status, body } = await house.call('GET', `/v1/disputes/${dispute}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: dispute,
      charge: seeded.charge,
      renewal: seeded.renewal,
      subscription: seeded.subscription,
      status: 'needs_response',
      inquiry: false,
      amount_minor: 1900,
      currency: 'EUR',
      respond_by: IN_A_WEEK.toISOString(),
      evidence: null,
      needs_attention: attention,
      workflow: { id: `dispute/${house.merchant.accountId}/dp_${dispute}` },
    });
  });

  it('is listed by status, charge, renewal and subscription, in pages', async () => {
    const won = await seedDispute({ status: 'won', closedAt: new Date() });
    const only = async (query: string) =>
      (await house.call('GET', `/v1/disputes?${query}`)).body.data.map(
        ({ id }: { id: string }) => id,
      ) as string[];
    expect(await only('status=won')).toEqual([won]);
    for (const query of [
      `charge=${seeded.charge}`,
      `renewal=${seeded.renewal}`,
      `subscription=${seeded.subscription}`,
    ])
      expect(await only(query)).toContain(dispute);
    expect(await only('charge=chg_01jxqv8b5e0c3k9m2n4p6r8s7t')).toEqual([]);
    const { body } = await house.call('GET', '/v1/disputes?limit=1');
    expect([body.data[0].id, body.has_more]).toEqual([won, true]);
    const next = await house.call('GET', `/v1/disputes?limit=1&starting_after=${won}`);
    expect(next.body.data[0].id).toBe(dispute);
  });

  it("is not another merchant's to see or to answer", async () => {
    const { admin } = await house.addMerchant();
    const seen = await house.call('GET', `/v1/disputes/${dispute}`, { key: admin });
    expect(seen.status).toBe(404);
    expect((await put({ text: 'Mine' }, dispute, admin)).status).toBe(404);
  });
});

describe('evidence', () => {
  it('is stored, shown without its bytes, and wakes the run', async () => {
    const { status, body } = await put({ text: 'They used it.', files: [invoice] });
    expect(status).toBe(200);
    expect(body.evidence).toMatchObject({
      text_length: 13,
      files: [{ name: 'invoice.pdf', content_type: 'application/pdf', size: 20 }],
      put_by: 'ops',
      sent_at: null,
      refused: null,
    });
    expect(JSON.stringify(body)).not.toContain(PDF);
    expect(await evidenceOf(dispute)).toMatchObject({ text: 'They used it.', number: 1 });
    expect(house.sent.at(-1)).toMatchObject({
      kind: 'wake',
      workflowType: 'dispute',
      workflowId: `dispute/${house.merchant.accountId}/dp_${dispute}`,
      input: { reference: `dp_${dispute}`, gatewayAccountId: house.merchant.accountId },
    });
    expect(JSON.stringify(house.sent)).not.toContain('They used it');
    expect(house.logged.join('\n')).not.toContain('They used it');
  });

  it('put again unchanged changes nothing; other evidence is refused', async () => {
    await put({ text: 'Once', files: [invoice] });
    const before = house.sent.length;
    expect((await put({ text: 'Once', files: [invoice] })).status).toBe(200);
    expect(house.sent.length).toBe(before);
    const other = await put({ text: 'Twice' });
    expect([other.status, other.body.code]).toEqual([409, 'evidence_given']);
    await change({ evidenceSentAt: new Date() });
    expect((await put({ text: 'Once', files: [invoice] })).status).toBe(200);
    expect((await put({ text: 'Twice' })).body.code).toBe('evidence_sent');
  });

  it('that the gateway refused can be replaced', async () => {
    await put({ text: 'Too long' });
    const stored = (await evidenceOf(dispute)) as object;
    await change({ evidence: { ...stored, refused: 'It is too long' } });
    const { body } = await house.call('GET', `/v1/disputes/${dispute}`);
    expect(body.evidence.refused).toBe('It is too long');
    expect((await put({ text: 'Short' })).status).toBe(200);
    expect(await evidenceOf(dispute)).toMatchObject({ text: 'Short', number: 2 });
  });

  it('is refused when nobody waits for it, or it comes too late', async () => {
    await change({ status: 'under_review' });
    expect((await put({ text: 'x' })).body.code).toBe('no_evidence_wanted');
    await change({ status: 'needs_response', respondBy: new Date(Date.now() - 1000) });
    const late = await put({ text: 'x' });
    expect([late.status, late.body.code]).toEqual([409, 'too_late']);
  });

  it('needs the scope operate', async () => {
    const key = await aKeyWith(house, ['read', 'write']);
    expect((await put({ text: 'x' }, dispute, key)).status).toBe(403);
  });

  it('may be two megabytes of files, whatever numbers their bytes spell', async () => {
    const bytes = Buffer.alloc(1024 * 1024, 'x');
    bytes.write('%PDF');
    // A card number in base64: the bytes spell it by chance.
    const unlucky = `${Buffer.from('%PDF-1').toString('base64')}+4242424242424242+++`;
    const big = { ...invoice, data: bytes.toString('base64') };
    const small = { ...big, data: bytes.subarray(0, 1024 * 1024 - 100).toString('base64') };
    const { status } = await put({
      text: 'All of it',
      files: [big, small, { ...invoice, data: unlucky }],
    });
    expect(status).toBe(200);
  });

  it.each([
    ['a card number in its words', { text: 'Card 4242 4242 4242 4242' }, 'text'],
    [
      'a card number in a name',
      { text: 'x', files: [{ ...invoice, name: '4242424242424242' }] },
      'files[0].name',
    ],
    ['no words', { text: '' }, 'text'],
    ['blanks for words', { text: ' \n ' }, 'text'],
    ['too many words', { text: 'x'.repeat(20_001) }, 'text'],
    ['five files', { text: 'x', files: Array.from({ length: 5 }, () => invoice) }, 'files'],
    [
      'a file that is no base64',
      { text: 'x', files: [{ ...invoice, data: '%%%%' }] },
      'files.0.data',
    ],
    [
      'a file of another kind',
      { text: 'x', files: [{ ...invoice, content_type: 'image/png' }] },
      'files.0.data',
    ],
    [
      'a program',
      { text: 'x', files: [{ ...invoice, content_type: 'text/html' }] },
      'files.0.content_type',
    ],
  ])('with %s is refused', async (_what, body, field) => {
    const { status, body: problem } = await put(body);
    expect([status, problem.errors[0].field]).toEqual([422, field]);
    expect(await evidenceOf(dispute)).toBeNull();
  });

  it('that is too large is refused, file by file, in total, and as a whole', async () => {
    const file = (size: number) => {
      const bytes = Buffer.alloc(size, 'x');
      bytes.write('%PDF');
      return { ...invoice, data: bytes.toString('base64') };
    };
    const field = async (files: object[]) =>
      (await put({ text: 'x', files })).body.errors[0].field as string;
    expect(await field([file(1024 * 1024 + 1)])).toBe('files.0.data');
    expect(await field([file(1024 * 1024), file(1024 * 1024), file(100)])).toBe('files');
    expect((await put({ text: 'x', files: [file(3 * 1024 * 1024)] })).status).toBe(413);
  });

  it('elsewhere a body stays small', async () => {
    const body = { reason: 'x'.repeat(150_000) };
    const path = `/v1/dunning-cases/${seeded.dunningCase}/retries`;
    expect((await house.call('POST', path, { body })).status).toBe(413);
  });
});
