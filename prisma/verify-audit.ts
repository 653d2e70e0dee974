/** Verifying the audit trail: walks the chain of seals, page by page, and names the first row that breaks it. */
import pg from 'pg';

import { makeId } from '../domain/ids.js';
import { type AuditRow, NO_SEAL, entryHashOf, sealHashOf } from './audit-seal.js';

export type Verdict =
  | {
      readonly kind: 'intact';
      readonly sealed: number;
      readonly open: number;
      readonly head: string;
    }
  | { readonly kind: 'broken'; readonly why: string };

/** A seal beside its entry. */
interface SealRow extends Omit<AuditRow, 'id'> {
  readonly seq: string;
  readonly entry_id: string;
  readonly entry_hash: string;
  readonly previous_hash: string;
  readonly hash: string;
  /** Null: the entry is gone. */
  readonly id: string | null;
}

interface Chain {
  readonly sealed: number;
  readonly head: string;
  /** The latest time that a sealed entry has. */
  readonly latest: number;
  /** Whether the head that was noted earlier came by. */
  readonly met: boolean;
}

const PAGE = 1_000;
/** No writer is so late, and no entry so much older or younger than its id says. */
const HOUR_MS = 3_600_000;

/** Reads one state of the database, whatever is written meanwhile. `notedHead` is a head that was told earlier. */
export async function verifyAudit(databaseUrl: string, notedHead = NO_SEAL): Promise<Verdict> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read, read only');
    const chain = await walk(client, notedHead);
    if (typeof chain === 'string') return { kind: 'broken', why: chain };
    const slipped = await findSlippedIn(client, chain.latest);
    if (slipped) return { kind: 'broken', why: `inserted: ${slipped}` };
    if (!chain.met)
      return {
        kind: 'broken',
        why: `the head ${notedHead} is not in the chain: it was rewritten or cut short`,
      };
    const { sealed, head } = chain;
    return { kind: 'intact', sealed, open: await countOpen(client), head };
  } finally {
    await client.end();
  }
}

/** The whole chain, or what is wrong with it first. */
async function walk(client: pg.Client, notedHead: string): Promise<Chain | string> {
  let chain: Chain = { sealed: 0, head: NO_SEAL, latest: 0, met: notedHead === NO_SEAL };
  for (;;) {
    const seals = await readSeals(client, chain.sealed);
    for (const seal of seals) {
      const wrong = wrongWith(seal, chain);
      if (wrong) return wrong;
      chain = {
        sealed: chain.sealed + 1,
        head: seal.hash,
        latest: Math.max(chain.latest, seal.at.getTime()),
        met: chain.met || seal.hash === notedHead,
      };
    }
    if (seals.length < PAGE) return chain;
  }
}

async function readSeals(client: pg.Client, after: number): Promise<SealRow[]> {
  const { rows } = await client.query<SealRow>(
    `select s.seq, s.entry_id, s.entry_hash, s.previous_hash, s.hash, e.*
       from audit_seal s left join audit_entry e on e.id = s.entry_id
      where s.seq > $1 order by s.seq limit ${PAGE}`,
    [after],
  );
  return rows;
}

function wrongWith(seal: SealRow, { sealed, head, latest }: Chain): string | undefined {
  const name = `${seal.entry_id} (seal ${seal.seq})`;
  const expected = sealed + 1;
  if (Number(seal.seq) !== expected) return `removed: seal ${expected}, before ${name}`;
  if (seal.previous_hash !== head) return `inserted, removed or changed: what is before ${name}`;
  if (sealHashOf(head, seal.entry_hash) !== seal.hash) return `changed: the seal of ${name}`;
  if (seal.id === null) return `removed: ${name}`;
  if (entryHashOf({ ...seal, id: seal.id }) !== seal.entry_hash) return `changed: ${name}`;
  const at = seal.at.getTime();
  const asItsId = idAt(at - HOUR_MS) < seal.id && seal.id < idAt(at + HOUR_MS);
  if (!asItsId || at < latest - HOUR_MS) return `inserted: ${name}`;
  return undefined;
}

/** Where ids made then begin: worked out here, because whoever has the database has its functions too. */
function idAt(at: number): string {
  return makeId('aud', Math.max(1, at), () => 0);
}

/** Without a seal, among entries that were sealed long ago, a row was put there later. */
async function findSlippedIn(client: pg.Client, latest: number): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `select min(e.id) as id from audit_entry e
      where not exists (select 1 from audit_seal s where s.entry_id = e.id)
        and e.id < $1`,
    [idAt(latest - HOUR_MS)],
  );
  return rows[0]?.id;
}

async function countOpen(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*) from audit_entry e
      where not exists (select 1 from audit_seal s where s.entry_id = e.id)`,
  );
  return Number(rows[0]!.count);
}
