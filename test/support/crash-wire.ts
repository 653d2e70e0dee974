/** The wire to a gateway, in a test's hands: any one request, or its answer, can be held, let go later, or lost. */
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { House } from './house.js';
import { until } from './people.js';

interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
}

/** `request`: the gateway has not seen it. `answer`: the gateway has done it, and nobody has heard. */
export type HeldAt = 'request' | 'answer';

export interface Held {
  /** Resolves once the request stands there. */
  reached(withinMs?: number): Promise<void>;
  /** Lets it go on, even if whoever sent it is dead by now. Resolves once the gateway has done it. */
  release(): Promise<void>;
  /** It never arrives. */
  lose(): void;
}

export type Wire = Awaited<ReturnType<typeof openWire>>;

type Match = (request: WireRequest) => boolean;
type Verdict = 'release' | 'lose';

interface Rule {
  readonly match: Match;
  readonly at: HeldAt;
  readonly seen: () => void;
  readonly verdict: Promise<Verdict>;
  readonly done: () => void;
}

/** Puts a wire between the house's gateway account and its emulator. Each hold takes one request. */
export async function openWire(house: House) {
  const rules: Rule[] = [];
  const requests: WireRequest[] = [];
  const server = createServer((request, response) => {
    pass(house.emulator.url, rules, requests, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { apiBase: url } });

  return {
    url,
    requests,
    hold: (match: Match, at: HeldAt): Held => hold(rules, match, at),
    /** The sends that can move money with a payment method: creations and confirmations. */
    sends: (method: string) => requests.filter(movesMoneyOf(method)),
    close: () => close(server),
  };
}

/** A request that charges this payment method. */
export function movesMoneyOf(method: string): Match {
  return (request) =>
    request.method === 'POST' && request.body.includes(`payment_method=${method}`);
}

function hold(rules: Rule[], match: Match, at: HeldAt): Held {
  const verdict = later<Verdict>();
  const done = later<void>();
  let stands = false;
  const seen = () => void (stands = true);
  rules.push({ match, at, seen, verdict: verdict.promise, done: done.resolve });
  return {
    reached: async (withinMs) => void (await until(async () => stands, withinMs)),
    async release() {
      verdict.resolve('release');
      await done.promise;
    },
    lose: () => verdict.resolve('lose'),
  };
}

function later<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((resolved) => (resolve = resolved));
  return { promise, resolve };
}

async function pass(
  target: string,
  rules: Rule[],
  requests: WireRequest[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const { method = 'GET', url = '/' } = incoming;
  const key = incoming.headers['idempotency-key'];
  const request: WireRequest = { method, path: url, key: key?.toString(), body };
  requests.push(request);

  const index = rules.findIndex(({ match }) => match(request));
  const rule = index < 0 ? undefined : rules.splice(index, 1)[0];
  if (rule?.at === 'request') {
    rule.seen();
    if ((await rule.verdict) === 'lose') return void response.destroy();
  }
  const answer = await forward(target, incoming, request);
  if (rule?.at === 'answer') {
    rule.seen();
    if ((await rule.verdict) === 'lose') return void response.destroy();
  }
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
  rule?.done();
}

async function forward(target: string, incoming: IncomingMessage, request: WireRequest) {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    if (typeof value === 'string' && !HOP_BY_HOP.has(name)) headers.set(name, value);
  const answer = await fetch(`${target}${request.path}`, {
    method: request.method,
    headers,
    ...(request.body && { body: request.body }),
  });
  const kept = [...answer.headers].filter(([name]) => !HOP_BY_HOP.has(name));
  return {
    status: answer.status,
    headers: Object.fromEntries(kept),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

/** What belongs to one connection and is not passed on. */
const HOP_BY_HOP = new Set(
  'connection host content-length keep-alive transfer-encoding expect'.split(' '),
);

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
}
