/**
 * What every adapter that tells of disputes must keep to, tried against the vendor's emulator. A vendor's limits on
 * evidence, and bank debits that come back, are tried apart: they are not every vendor's.
 */
import { describe, expect, it } from 'vitest';

import { type Money, money } from '../../domain/money.js';
import type { Account, Disputing, Evidence, Gateway, SeenDispute } from '../../gateways/gateway.js';
import { type World, useWire } from './contract.js';
import { collect } from './refund-bench.js';

/** What the suite must be able to make happen besides. */
export interface DisputeWorld extends World {
  readonly gateway: Gateway & { readonly disputing: Disputing };
  /** The money stays with the merchant until the case is lost. */
  readonly takesMoneyLate?: true;
  /** Evidence is text alone. */
  readonly takesNoFiles?: true;
  /** What is only a question is answered at the gateway itself. */
  readonly takesNoAnswers?: true;
  /** Whether this is the call that hands evidence in. */
  isEvidence(method: string, path: string): boolean;
  /**
   * The payer's bank takes a charge back, or `inquiry` only asks about it. `amount`: when it wants less than the
   * whole. Says the dispute's name.
   */
  openDispute(chargeReference: string, how?: DisputeHow): Promise<string>;
  /** The bank decides. An inquiry that is won, or lost, ends without money moving. */
  closeDispute(reference: string, outcome: 'won' | 'lost'): Promise<void>;
  /** What the gateway was handed in, time by time: the text, and the names of the files. */
  handedIn(reference: string): Promise<readonly HandedIn[]>;
}

export interface DisputeHow {
  readonly inquiry?: boolean;
  readonly amount?: Money;
}

export interface HandedIn {
  readonly text: string;
  readonly files: readonly string[];
}

export function describeDisputes(name: string, openWorld: () => Promise<DisputeWorld>): void {
  const bench = useDisputes(name, openWorld);

  describe(`${name}: a dispute`, () => {
    it('says what the bank wants back, of which charge, and until when it may be answered', async () => {
      const { chargeReference, reference, at } = await bench.disputed();
      const dispute = await bench.seen(reference);
      expect(dispute).toEqual({
        reference,
        chargeReference,
        amount: money(1999, 'USD'),
        reason: expect.stringMatching(/./) as string,
        inquiry: false,
        status: 'needs_response',
        withdrawn: !bench.world().takesMoneyLate,
        respondBy: expect.any(Number) as number,
        openedAt: expect.any(Number) as number,
      });
      expect(dispute.respondBy).toBeGreaterThan(dispute.openedAt);
      // Epoch milliseconds, whatever the gateway writes.
      expect(dispute.openedAt).toBeGreaterThan(at - 60_000);
    });

    it('may be about a part', async () => {
      const { reference } = await bench.disputed({ amount: money(500, 'USD') });
      expect((await bench.seen(reference)).amount).toEqual(money(500, 'USD'));
    });

    it('of yen is in yen', async () => {
      const { reference } = await bench.disputed({}, money(500, 'JPY'));
      expect((await bench.seen(reference)).amount).toEqual(money(500, 'JPY'));
    });

    it('that is only a question moves nothing, and is closed in the end', async () => {
      const { reference } = await bench.disputed({ inquiry: true });
      const inquiry = { inquiry: true, withdrawn: false };
      expect(await bench.seen(reference)).toMatchObject({ ...inquiry, status: 'needs_response' });
      await bench.world().closeDispute(reference, 'won');
      const closed = { ...inquiry, status: 'closed', respondBy: undefined };
      expect(await bench.seen(reference)).toMatchObject(closed);
    });

    it.each([
      ['won', false],
      ['lost', true],
    ] as const)('that is %s has the money away: %s', async (outcome, withdrawn) => {
      const { reference } = await bench.disputed();
      await bench.world().closeDispute(reference, outcome);
      const decided = { status: outcome, withdrawn, respondBy: undefined };
      expect(await bench.seen(reference)).toMatchObject(decided);
    });

    it('that nobody knows, or that a stranger asks about, is not there', async () => {
      expect(await bench.read('NOSUCHDISPUTE')).toMatchObject({ kind: 'absent' });
      const { reference } = await bench.disputed();
      const stranger = bench.world().stranger(bench.world().url);
      expect(await bench.read(reference, stranger)).not.toMatchObject({ kind: 'dispute' });
    });

    it('cannot be read while nothing readable answers', async () => {
      const { reference } = await bench.disputed();
      for (const spoil of ['reset_before', 'html_before', 'html_200_after', 'truncate'] as const) {
        bench.wire().spoil(spoil, () => true);
        const read = await bench.read(reference);
        expect(read.kind).toBe('unavailable');
        expect(read).not.toHaveProperty('attention', true);
      }
      expect((await bench.read(reference, bench.nowhere())).kind).toBe('unavailable');
    });
  });

  describe(`${name}: evidence`, () => {
    it('is handed in once, and then the bank decides', async () => {
      const { reference } = await bench.disputed();
      expect(await bench.send(reference)).toEqual({ kind: 'accepted' });
      expect(await bench.world().handedIn(reference)).toEqual([{ text: TEXT, files: [] }]);
      const withdrawn = !bench.world().takesMoneyLate;
      const waiting = { status: 'under_review', withdrawn, respondBy: undefined };
      expect(await bench.seen(reference)).toMatchObject(waiting);
    });

    it('may hold files, or is refused with them', async () => {
      const { reference } = await bench.disputed();
      const sent = await bench.send(reference, { files: FILES });
      expect(sent.kind).toBe(bench.world().takesNoFiles ? 'refused' : 'accepted');
      const handedIn = bench.world().takesNoFiles ? [] : [HANDED_IN];
      expect(await bench.world().handedIn(reference)).toEqual(handedIn);
    });

    it('answers a question too, where that is taken', async () => {
      const { reference } = await bench.disputed({ inquiry: true });
      const sent = await bench.send(reference);
      expect(sent.kind).toBe(bench.world().takesNoAnswers ? 'refused' : 'accepted');
      if (bench.world().takesNoAnswers) return;
      const answered = { status: 'under_review', inquiry: true, withdrawn: false };
      expect(await bench.seen(reference)).toMatchObject(answered);
    });

    it.each(['reset_before', 'reset_after', 'html_after', 'html_200_after', 'truncate'] as const)(
      'whose answer was lost (%s) is sent again, and is there once',
      async (spoil) => {
        const { reference } = await bench.disputed();
        bench.wire().spoil(spoil);
        const evidence = bench.evidence({ files: bench.files() });
        // Whoever looks at the dispute afterwards may know at once.
        expect(['unavailable', 'accepted']).toContain((await bench.send(reference, evidence)).kind);
        expect(await bench.send(reference, evidence)).toEqual({ kind: 'accepted' });
        expect(await bench.send(reference, evidence)).toEqual({ kind: 'accepted' });
        expect(await bench.world().handedIn(reference)).toEqual([bench.whole()]);
      },
    );

    it('any of whose calls was lost is sent again, and is there once', async () => {
      const { reference } = await bench.disputed();
      const evidence = bench.evidence({ files: bench.files() });
      for (let call = 0; call < 4; call++) {
        let calls = 0;
        bench.wire().spoil('reset_after', () => calls++ === call);
        await bench.send(reference, evidence);
        bench.wire().heal();
      }
      expect(await bench.send(reference, evidence)).toEqual({ kind: 'accepted' });
      expect(await bench.world().handedIn(reference)).toEqual([bench.whole()]);
    });

    it('that is there is there, also when its key is forgotten and the bank has decided', async () => {
      const { reference } = await bench.disputed();
      const evidence = bench.evidence();
      bench.wire().spoil('reset_after');
      await bench.send(reference, evidence);
      await bench.world().closeDispute(reference, 'lost');
      await bench.world().advance(2 * 86_400);
      expect(await bench.send(reference, evidence)).toEqual({ kind: 'accepted' });
      expect(await bench.world().handedIn(reference)).toHaveLength(1);
    });

    it('comes too late once the time is over', async () => {
      const { reference } = await bench.disputed();
      const { respondBy, openedAt } = await bench.seen(reference);
      await bench.world().advance((respondBy! - openedAt) / 1000 + 3600);
      expect((await bench.send(reference)).kind).toBe('refused');
      expect(await bench.world().handedIn(reference)).toEqual([]);
    });

    it.each(['won', 'lost'] as const)('comes too late when it is %s', async (outcome) => {
      const { reference } = await bench.disputed();
      await bench.world().closeDispute(reference, outcome);
      expect((await bench.send(reference)).kind).toBe('refused');
    });

    it('of a dispute that nobody knows is refused', async () => {
      expect((await bench.send('NOSUCHDISPUTE')).kind).toBe('refused');
    });

    it('waits while the gateway cannot be reached', async () => {
      const { reference } = await bench.disputed();
      const evidence = bench.evidence();
      expect((await bench.send(reference, evidence, bench.nowhere())).kind).toBe('unavailable');
      expect(await bench.send(reference, evidence)).toEqual({ kind: 'accepted' });
    });
  });
}

const TEXT = 'The customer has used the service every day of December.';
const FILES: Evidence['files'] = [
  { name: 'receipt.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF-1.7 receipt') },
  {
    name: 'login.png',
    contentType: 'image/png',
    content: new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0x00]),
  },
];
const HANDED_IN = { text: TEXT, files: FILES.map((file) => file.name) };

function useDisputes(name: string, openWorld: () => Promise<DisputeWorld>) {
  const { world, wire, nobody } = useWire(openWorld, (its, method, path) =>
    its.isEvidence(method, path),
  );
  let charges = 0;
  let keys = 0;
  const account = () => world().account(wire().url);

  return {
    world,
    wire,
    nowhere: () => world().account(nobody()),
    /** As much as the gateway takes: files, or none. */
    files: () => (world().takesNoFiles ? [] : FILES),
    whole: () => (world().takesNoFiles ? { text: TEXT, files: [] } : HANDED_IN),
    evidence: (more: Partial<Evidence> = {}): Evidence => ({
      key: `evidence_${name}_${++keys}`,
      text: TEXT,
      files: [],
      ...more,
    }),

    /** A charge of its own that is disputed. */
    async disputed(how?: DisputeHow, amount?: Money) {
      const at = Date.now();
      const collected = await collect(world(), `dispute_${name}_${++charges}`, { amount });
      const { chargeReference } = collected;
      return { chargeReference, reference: await world().openDispute(chargeReference, how), at };
    },

    read: (reference: string, by?: Account) =>
      world().gateway.disputing.readDispute(by ?? account(), reference),

    async seen(reference: string): Promise<SeenDispute> {
      const read = await this.read(reference);
      if (read.kind !== 'dispute') throw new Error(JSON.stringify(read));
      return read.dispute;
    },

    send(reference: string, evidence: Partial<Evidence> = {}, by?: Account) {
      const whole = { ...this.evidence(), ...evidence };
      return world().gateway.disputing.sendEvidence(by ?? account(), reference, whole);
    },
  };
}
