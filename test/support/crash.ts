/** Crashes: real worker processes to kill, a road to Temporal that can be cut, and what must hold afterwards. */
import { randomUUID } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import type { RenewalId, SubscriptionId } from '../../domain/ids.js';
import { dunningWorkflowId, renewalWorkflowId } from '../../domain/workflow-ids.js';
import { findFreePort } from '../../embedded/port.js';
import { type House, SECRETS } from './house.js';
import { dunningRun, until } from './people.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface WorkerProcess {
  readonly process: ChildProcess;
  /** SIGKILL, and gone. */
  kill(): Promise<void>;
  /** SIGTERM, and how it ended. */
  terminate(): Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** What it has printed so far. */
  output(): string;
}

/** The product's own worker.ts as a process of its own. Resolves once it polls. */
export async function startWorkerProcess(
  house: House,
  temporalAddress: string = house.stores.temporalAddress,
): Promise<WorkerProcess> {
  const port = await findFreePort();
  const child = spawn(process.execPath, ['--import', 'tsx', 'worker.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...house.environment,
      ...SECRETS,
      DATABASE_URL: house.database.url,
      TEMPORAL_ADDRESS: temporalAddress,
      WORKER_HEALTH_PORT: String(port),
      LOG_LEVEL: 'warn',
    },
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`The worker did not start:\n${output}`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    return ready?.ok;
  }, 60_000);
  return {
    process: child,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async terminate() {
      child.kill('SIGTERM');
      const [code, signal] = await ended;
      return { code, signal };
    },
    output: () => output,
  };
}

export interface Road {
  /** Host and port, as TEMPORAL_ADDRESS wants it. */
  readonly address: string;
  /** From now on no byte gets through, in either direction, and nobody is told. */
  cut(): void;
  close(): Promise<void>;
}

/** A road to the Temporal server that can be cut. */
export async function openRoad(temporalAddress: string): Promise<Road> {
  const [host = '', port = ''] = temporalAddress.split(':');
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (bytes) => void (isCut || other.write(bytes)));
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => void (isCut = true),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A card that declines the first charge and pays the second, and how its renewal's charges then read. */
export const DECLINES_ONCE = 'pm_card_attachThen_insufficient_funds_times_1';
export const RECOVERED: readonly string[] = [
  'charge 1 → declined: insufficient_funds',
  'charge 2 → succeeded',
];

/** Has the renewal in recovery charged again, now. */
export async function retryNow(house: House, renewalId: string): Promise<void> {
  const { workflowId } = dunningRun(house, renewalId);
  await until(() => house.deps.launch.isRunning(workflowId));
  const wish = { actor: 'test', reason: 'the customer asks' };
  await house.deps.launch.wish(workflowId, 'retryNow', wish, randomUUID());
}

/** The renewal of a subscription's first period, once it exists. */
export function theRenewal({ db }: House, subscription: { readonly id: string }) {
  return until(() => db.renewal.findFirst({ where: { subscriptionId: subscription.id } }), 30_000);
}

/** Polls until the renewal is in this status. */
export function becomes({ db }: House, renewalId: string, status: string, withinMs = 40_000) {
  return until(async () => {
    const renewal = await db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
    return renewal.status === status;
  }, withinMs);
}

/** Charges as a reader sees them: "charge 1 (first) → declined: insufficient_funds". */
export async function charges({ db }: House, renewalId: string): Promise<string[]> {
  const rows = await db.charge.findMany({ where: { renewalId }, orderBy: { ordinal: 'asc' } });
  return rows.map(({ ordinal, status, decline }) => {
    const code = (decline as { code?: string } | null)?.code;
    return `charge ${ordinal} → ${status}${code ? `: ${code}` : ''}`;
  });
}

/** What every crash must end in: paid by one charge, in the gateway's journal and in our books, and nothing open. */
export async function expectPaidOnce(
  house: House,
  renewalId: string,
  expected: readonly string[] = ['charge 1 → succeeded'],
): Promise<void> {
  await becomes(house, renewalId, 'paid');
  const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  expect(await charges(house, renewalId)).toEqual(expected);

  const paid = await house.emulator.paid(renewalId);
  expect(paid.map(({ amount_minor }) => amount_minor)).toEqual([Number(renewal.amountMinor)]);
  const succeeded = await house.db.charge.findFirstOrThrow({
    where: { renewalId, status: 'succeeded' },
  });
  expect(succeeded.gatewayChargeReference).toBe(paid[0]!.id);
  expect(await house.db.dunningCase.count({ where: { renewalId, status: 'open' } })).toBe(0);
  expectOneBodyPerKey(await house.emulator.requests());

  await nothingRuns(house, renewalId);
  const { needsAttention } = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  expect(needsAttention).toBeNull();
}

/** No run is left that works on this renewal. */
async function nothingRuns(house: House, renewalId: string): Promise<void> {
  const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const start = renewal.periodStart.getTime();
  const runs = [
    renewalWorkflowId(renewal.subscriptionId as SubscriptionId, start),
    dunningWorkflowId(renewalId as RenewalId),
  ];
  for (const id of runs) await until(async () => !(await house.deps.launch.isRunning(id)), 40_000);
}

interface KeyedRequest {
  readonly method: string;
  readonly path: string;
  readonly idempotency_key: string | null;
  readonly body: object;
}

/** One key, one request, to the byte. */
export function expectOneBodyPerKey(requests: readonly KeyedRequest[]): void {
  const bodies = new Map<string, string>();
  for (const { method, path, idempotency_key: key, body } of requests) {
    if (method !== 'POST' || key === null) continue;
    const text = `${path} ${JSON.stringify(body)}`;
    expect(text, `the request under ${key}`).toBe(bodies.get(key) ?? text);
    bodies.set(key, text);
  }
}
