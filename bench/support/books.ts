/** What Dunlin's database says, read without any of Dunlin's own reading. */
import pg from 'pg';

export interface Books {
  rows<Row extends object>(query: string): Promise<Row[]>;
  count(query: string): Promise<number>;
  close(): Promise<void>;
}

export function openBooks(connectionString: string): Books {
  const pool = new pg.Pool({ connectionString, max: 4 });
  // A server that is being stopped closes idle connections, which is no news.
  pool.on('error', () => {});
  const rows = async <Row extends object>(query: string) =>
    (await pool.query<Row & pg.QueryResultRow>(query)).rows as Row[];
  return {
    rows,
    async count(query) {
      const [row] = await rows<{ count: string }>(`select count(*) from ${query}`);
      return Number(row!.count);
    },
    close: () => pool.end(),
  };
}

/** A charge that a gateway may still decide. */
export const OPEN = `('submitted', 'pending', 'unknown')`;

/** Renewals that are not decided yet, or whose charge is not. */
export const UNDECIDED = `renewal r where (r.status = 'collecting'
  or exists (select from charge c where c.renewal_id = r.id and c.status in ${OPEN}))`;

/** What Dunlin still owes to its own runs. */
export const OWED = `(select id from dispatch where sent_at is null
  union all select id from gateway_event where dispatched_at is null) owed`;
