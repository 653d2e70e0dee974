/**
 * Burst: fifty renewals at once, `kill -9` of the whole installation in the middle, and a second start.
 *
 *   npm run burst                  kills the process group of `npm start`
 *   npm run burst -- --stores      kills PostgreSQL and Temporal too, at the same moment
 *   npm run burst -- --quick       with shorter deadlines, to wait less for the recovery
 *
 * Ends with 1 unless all fifty renewals are paid, by fifty PaymentIntents, none of them twice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findProgram } from '../embedded/running-program.js';
import { freePorts } from './support/stores.js';
import { within } from './support/within.js';

const RENEWALS = 50;
const KILL_AFTER = 5;
const KILL_BEFORE = 25;
const QUIET_WITHIN_MS = 300_000;

class Refused extends Error {}

const killStores = process.argv.includes('--stores');
const quick = process.argv.includes('--quick');
const home = mkdtempSync(join(tmpdir(), 'dunlin-burst-'));
const [port, emulatorPort, paypalPort, temporalPort, uiPort, postgresPort] = await freePorts(6);
const api = `http://127.0.0.1:${port}`;
const emulator = `http://127.0.0.1:${emulatorPort}`;
const logFile = join(home, 'burst.log');

let installation: ChildProcess | undefined;
let passed = false;
try {
  passed = await burst();
} catch (error) {
  console.error(error);
  console.error(`\nThe log of both starts: ${logFile}`);
} finally {
  await stop();
  if (passed) rmSync(home, { recursive: true, force: true });
}
process.exit(passed ? 0 : 1);

async function burst(): Promise<boolean> {
  console.log(`Dunlin in ${home}`);
  await start();
  const subscriptions = await prepare();
  const began = Date.now();
  // Most of these requests are cut off by the kill: an app asks again until it has an answer.
  const asked = Promise.all(subscriptions.map(billUntilAnswered));
  asked.catch(() => {}); // It is told when it is awaited.
  const charged = await chargesReach(KILL_AFTER);
  await killEverything();
  console.log(`Killed ${Date.now() - began} ms after the burst began, ${charged} charges made`);
  if (charged > KILL_BEFORE) throw new Error('That was too late to prove anything: run it again');

  const restarted = Date.now();
  await start();
  const up = Date.now() - restarted;
  const renewals = await asked;
  await becomesQuiet(renewals);
  console.log(`Started again in ${up} ms; quiet after ${Date.now() - restarted} ms\n`);
  return report(renewals);
}

/** As `npm start` does it, in a process group of its own. */
async function start(): Promise<void> {
  const log = openSync(logFile, 'a');
  const quickly = {
    GATEWAY_DEADLINE_SECONDS: '4',
    CHARGE_TIMEOUT_SECONDS: '10',
    SHUTDOWN_GRACE_SECONDS: '10',
  };
  installation = spawn(process.execPath, ['--import', 'tsx', 'start.ts'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      DUNLIN_HOME: home,
      PORT: String(port),
      STRIPE_EMULATOR_PORT: String(emulatorPort),
      PAYPAL_EMULATOR_PORT: String(paypalPort),
      TEMPORAL_PORT: String(temporalPort),
      TEMPORAL_UI_PORT: String(uiPort),
      POSTGRES_PORT: String(postgresPort),
      LOG_LEVEL: 'warn',
      ...(quick && quickly),
    },
  });
  await within(120_000, 'the API answers', async () => {
    if (installation!.exitCode !== null) throw new Error(readFileSync(logFile, 'utf8'));
    const keyFile = join(home, 'sample-key');
    return existsSync(keyFile) && (await fetch(`${api}/readyz`).catch(() => undefined))?.ok;
  });
}

async function stop(): Promise<void> {
  if (!installation || installation.exitCode !== null || installation.signalCode) return;
  installation.kill('SIGTERM');
  await within(60_000, 'it stops', async () => installation!.exitCode !== null);
}

/** SIGKILL of the process group; PostgreSQL and Temporal live outside of it, and die only if asked for. */
async function killEverything(): Promise<void> {
  const victims = [-installation!.pid!, ...(killStores ? storePids() : [])];
  for (const victim of victims) process.kill(victim, 'SIGKILL');
  await within(10_000, 'everything is dead', async () => installation!.signalCode === 'SIGKILL');
}

function storePids(): number[] {
  const postmaster = readFileSync(join(home, 'postgres', 'postmaster.pid'), 'utf8');
  const temporal = readFileSync(join(home, 'temporal.pid'), 'utf8');
  const pids = [Number(postmaster.split('\n')[0]), (JSON.parse(temporal) as { pid: number }).pid];
  // Only what really is a server of this burst.
  return pids.filter((pid) => findProgram(pid)?.command.includes(home));
}

/** Fifty customers with a good card and a subscription whose first period is due. */
async function prepare(): Promise<string[]> {
  const subscriptions: string[] = [];
  for (let n = 1; n <= RENEWALS; n++) {
    const email = `burst-${n}@example.com`;
    const customer = await call<{ id: string }>('POST', 'customers', { name: `Burst ${n}`, email });
    const card = { gateway_account: 'stripe', token: 'pm_card_visa' };
    await call('POST', `customers/${customer.id}/payment-methods`, card);
    const subscription = await call<{ id: string }>('POST', 'subscriptions', {
      customer: customer.id,
      amount_minor: 1000 + n,
      currency: 'EUR',
      interval: 'month',
      collection: 'manual',
    });
    subscriptions.push(subscription.id);
  }
  return subscriptions;
}

/** Asks for a renewal until Dunlin has answered, under one key; its id. */
async function billUntilAnswered(subscription: string): Promise<string> {
  const key = randomUUID();
  let renewal = '';
  await within(QUIET_WITHIN_MS, 'the renewal is answered', async () => {
    try {
      const path = `subscriptions/${subscription}/renewals`;
      renewal = (await call<{ id: string }>('POST', path, {}, key)).id;
    } catch (error) {
      // Nobody there, or cut off. A refusal is another matter.
      if (error instanceof Refused) throw error;
    }
    return renewal !== '';
  });
  return renewal;
}

interface JournalEntry {
  readonly kind: string;
  readonly payment_intent: string;
  readonly metadata: Record<string, string>;
}

/** The money that moved for the burst's renewals; the sample's own are told by their ids later on. */
async function journal(): Promise<JournalEntry[]> {
  const response = await fetch(`${emulator}/_emulator/journal`);
  const { entries } = (await response.json()) as { entries: (JournalEntry & Amount)[] };
  return entries.filter(({ kind, amount_minor: amount }) => {
    return kind === 'charge' && amount > 1000 && amount <= 1000 + RENEWALS;
  });
}

interface Amount {
  readonly amount_minor: number;
}

async function chargesReach(count: number): Promise<number> {
  let charged = 0;
  const look = async () => (charged = (await journal()).length) >= count;
  await within(60_000, `${count} charges`, look, 5);
  return charged;
}

async function becomesQuiet(renewals: readonly string[]): Promise<void> {
  const decided = async () => {
    const statuses = await Promise.all(renewals.map(statusOf));
    return statuses.every((status) => status !== 'collecting');
  };
  await within(QUIET_WITHIN_MS, 'every renewal is decided', decided, 1_000);
}

async function statusOf(renewal: string): Promise<string> {
  return (await call<{ status: string }>('GET', `renewals/${renewal}`)).status;
}

async function report(renewals: readonly string[]): Promise<boolean> {
  const statuses = await Promise.all(renewals.map(statusOf));
  const ours = new Set(renewals);
  const money = (await journal()).filter(({ metadata }) => ours.has(metadata['dunlin_renewal']!));
  const paid = statuses.filter((status) => status === 'paid').length;
  const intents = new Set(money.map((entry) => entry.payment_intent)).size;
  const doubles =
    money.length - new Set(money.map(({ metadata }) => metadata['dunlin_renewal'])).size;
  console.table([
    { what: 'renewals', count: ours.size, expected: RENEWALS },
    { what: 'renewals paid', count: paid, expected: RENEWALS },
    { what: 'successful PaymentIntents', count: intents, expected: RENEWALS },
    { what: 'charged twice', count: doubles, expected: 0 },
  ]);
  return ours.size === RENEWALS && paid === RENEWALS && intents === RENEWALS && doubles === 0;
}

async function call<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
  const secret = readFileSync(join(home, 'sample-key'), 'utf8').trim();
  const response = await fetch(`${api}/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      ...(key && { 'idempotency-key': key }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as T;
  const said = `${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`;
  throw response.status < 500 ? new Refused(said) : new Error(said);
}
