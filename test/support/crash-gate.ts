/** Gates in a test's own database: a transaction of one customer stands still at a named point, until let go. */
import pg from 'pg';

import type { House } from './house.js';
import { until } from './people.js';

export type Point =
  /** The renewal's row is being inserted. */
  | 'open'
  /** The charge goes from planned to submitted. */
  | 'claim'
  /** An open charge becomes final. */
  | 'settle'
  /** The dunning case is being inserted. */
  | 'case';

export interface Gate {
  reached(withinMs?: number): Promise<void>;
  /** Cuts off whoever stands there, as when their machine is gone for PostgreSQL too. */
  cutOff(): Promise<void>;
  release(): Promise<void>;
}

export type Gates = Awaited<ReturnType<typeof openGates>>;

/** Advisory locks of this class are gates. */
const CLASS = 4711;

export async function openGates(house: House) {
  const client = new pg.Client({ connectionString: house.database.url });
  await client.connect();
  await client.query(TRIGGERS);
  return {
    async hold(customerId: string, point: Point): Promise<Gate> {
      const place = `${customerId}/${point}`;
      await client.query('select pg_advisory_lock($1, crash_place($2))', [CLASS, place]);
      await client.query('insert into crash_gate values ($1)', [place]);
      return gateAt(house, client, place);
    },
    close: () => client.end(),
  };
}

function gateAt({ db }: House, client: pg.Client, place: string): Gate {
  const waiting = `from pg_locks where locktype = 'advisory' and classid = ${CLASS}
    and objid = crash_place($1) and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  return {
    async reached(withinMs) {
      const standing = () => db.$queryRawUnsafe<object[]>(`select pid ${waiting}`, place);
      await until(async () => (await standing()).length > 0, withinMs);
    },
    async cutOff() {
      await client.query(`select pg_terminate_backend(pid) ${waiting}`, [place]);
    },
    async release() {
      await client.query('delete from crash_gate where place = $1', [place]);
      await client.query('select pg_advisory_unlock($1, crash_place($2))', [CLASS, place]);
    },
  };
}

const TRIGGERS = `
  create table crash_gate (place text primary key);
  create function crash_place(place text) returns integer immutable language sql
    as $$ select hashtext(place) & 2147483647 $$;
  create function crash_wait(place text) returns void language plpgsql as $$
  begin
    if exists (select 1 from crash_gate g where g.place = crash_wait.place) then
      perform pg_advisory_xact_lock_shared(${CLASS}, crash_place(place));
    end if;
  end $$;
  create function crash_gate_renewal() returns trigger language plpgsql as $$
  begin
    perform crash_wait(new.customer_id || '/open');
    return new;
  end $$;
  create function crash_gate_case() returns trigger language plpgsql as $$
  begin
    perform crash_wait((select customer_id from renewal where id = new.renewal_id) || '/case');
    return new;
  end $$;
  create function crash_gate_charge() returns trigger language plpgsql as $$
  declare customer text := (select customer_id from renewal where id = new.renewal_id);
  begin
    if old.status = 'planned' and new.status = 'submitted' then
      perform crash_wait(customer || '/claim');
    elsif old.status in ('submitted', 'pending', 'unknown')
      and new.status in ('succeeded', 'declined', 'not_sent') then
      perform crash_wait(customer || '/settle');
    end if;
    return new;
  end $$;
  create trigger crash_gate before insert on renewal
    for each row execute function crash_gate_renewal();
  create trigger crash_gate before insert on dunning_case
    for each row execute function crash_gate_case();
  create trigger crash_gate before update on charge
    for each row execute function crash_gate_charge();
`;
