/** Evidence on its way to the gateway: in once, whatever becomes of the answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readEvidence, storeEvidence } from '../../prisma/evidence.js';
import { paidAndDisputed } from '../support/disputes.js';
import { type House, openHouse } from '../support/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterAll(() => house.close());

const DATA = Buffer.from('%PDF-1.4 the invoice').toString('base64');
const invoice = { name: 'invoice.pdf', contentType: 'application/pdf', size: 20, data: DATA };

/** A dispute whose evidence was put, as by the API, and not sent yet. */
async function withEvidence() {
  const disputed = await paidAndDisputed(house);
  await disputed.look();
  const { id } = await disputed.row();
  const put = (number: number, text: string) =>
    storeEvidence(house.db, id, {
      number,
      text,
      files: [invoice],
      putAt: new Date().toISOString(),
      putBy: 'ops',
    });
  await put(1, 'They used it.');
  return { ...disputed, id, put };
}

describe('evidence', () => {
  test('is sent by the next look, and then no more', async () => {
    const { look, bank, row, told, id } = await withEvidence();
    await look();
    await look();
    expect(bank.evidence).toHaveLength(1);
    expect(bank.evidence[0]).toMatchObject({
      key: `${id}:evidence`,
      text: 'They used it.',
      files: [{ name: 'invoice.pdf', contentType: 'application/pdf' }],
    });
    expect(Buffer.from(bank.evidence[0]!.files[0]!.content).toString()).toBe(
      '%PDF-1.4 the invoice',
    );
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'evidence_submitted']);
    expect(await row()).toMatchObject({ needsAttention: null });
    expect((await row()).evidenceSentAt).not.toBeNull();
  });

  test('is looked at once more when it is in: the bank decides from then on', async () => {
    const { look, bank } = await withEvidence();
    bank.handedIn({ status: 'under_review', respondBy: undefined });
    expect(await look()).toMatchObject({ card: { status: 'under_review', evidence: 'sent' } });
  });

  test('whose answer was lost is sent again under the same key, and counted once', async () => {
    const { look, bank, told, id } = await withEvidence();
    bank.answers({ kind: 'unavailable', why: 'The connection broke' });
    await expect(look()).rejects.toThrow('The connection broke');
    // It had arrived all the same, so the bank decides already.
    bank.says({ status: 'under_review', respondBy: undefined });
    bank.answers({ kind: 'accepted' });
    await look();
    await look();
    expect(bank.evidence.map(({ key }) => key)).toEqual([`${id}:evidence`, `${id}:evidence`]);
    expect((await told()).filter((type) => type === 'evidence_submitted')).toHaveLength(1);
  });

  test('two looks at once record it once', async () => {
    const { look, bank, told } = await withEvidence();
    await Promise.allSettled([look(), look(), look()]);
    await look();
    expect(new Set(bank.evidence.map(({ key }) => key)).size).toBe(1);
    expect((await told()).filter((type) => type === 'evidence_submitted')).toHaveLength(1);
  });

  test('that the gateway refuses is a person’s task, and other evidence is another request', async () => {
    const { look, bank, row, put, id, told } = await withEvidence();
    bank.answers({ kind: 'refused', why: 'It is too long' });
    await look();
    await look();
    expect(bank.evidence).toHaveLength(1);
    const { needsAttention } = await row();
    expect(needsAttention).toMatchObject({
      why: 'The gateway did not take the evidence: It is too long',
    });
    expect(await readEvidence(house.db, id)).toMatchObject({ refused: 'It is too long' });
    bank.answers({ kind: 'accepted' });
    await put(2, 'Shorter.');
    await look();
    expect(bank.evidence.at(-1)).toMatchObject({ key: `${id}:evidence-2`, text: 'Shorter.' });
    expect(await row()).toMatchObject({ needsAttention: null });
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'evidence_submitted']);
  });

  test('that was put but cannot be handed in is still reminded of, until it is in', async () => {
    const { look, bank, bench, row, told } = await withEvidence();
    bank.answers({ kind: 'unavailable', why: 'The API key may not write disputes' });
    const reminders = async () => (await told()).filter((type) => type === 'evidence_due').length;
    for (const [days, told] of [
      [12, 0],
      [2, 1],
      [4.5, 2],
      [1, 3],
    ] as const) {
      bench.advance(days * 86_400_000);
      await expect(look()).rejects.toThrow('may not write');
      await expect(look()).rejects.toThrow('may not write');
      expect(await reminders()).toBe(told);
    }
    expect((await row()).needsAttention).toMatchObject({
      why: 'The evidence cannot be handed in: The API key may not write disputes',
    });
    bank.answers({ kind: 'accepted' });
    await look();
    expect(await row()).toMatchObject({ needsAttention: null });
    expect(await reminders()).toBe(3);
  });

  test('that is put as its time runs out, and is handed in at once, is reminded of by nobody', async () => {
    const { look, bench, told } = await withEvidence();
    bench.advance(19.5 * 86_400_000);
    await look();
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'evidence_submitted']);
  });
});
