/**
 * Wren: a payment gateway that does not exist, as small as one can be and still be safe to renew with.
 *
 * POST /charges                     makes a charge under Idempotency-Key, and takes it; with `page` the customer does
 * GET  /charges/{reference}         by the merchant's own id, at once
 * POST /charges/{reference}/cancel  withdraws what is open, and answers how it stands then
 * POST /methods, POST /setups       a token becomes a method; a page where a customer gives one
 *
 * What is answered 200 is answered again for the same key for 24 hours; refusals precede everything and are not kept.
 * A token tells the fate of its charges: tok_good, tok_pending, or tok_ and the code of a decline.
 */
import { createHmac } from 'node:crypto';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

export const SECRET = 'wren_test_key';
const KEY_LIFE_MS = 24 * 3_600_000;

interface Charge {
  readonly id: string;
  readonly reference: string;
  readonly order: string;
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly url?: string;
  status: 'open' | 'pending' | 'succeeded' | 'declined' | 'canceled' | 'returned';
  payment?: string;
  decline?: { readonly code: string; readonly message: string };
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

export type Fault = 'server_error' | 'server_error_after_effect' | 'rate_limit';

const newCharge = z.object({
  reference: z.string(),
  order: z.string(),
  amount: z.int().positive(),
  currency: z.string().length(3),
  method: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
  page: z.object({ return_url: z.string(), cancel_url: z.string() }).optional(),
});

export async function startWren() {
  const charges = new Map<string, Charge>();
  const fates = new Map<string, string>();
  const kept = new Map<string, { readonly at: number; readonly asked: string; answer: Answer }>();
  let made = 0;
  let skippedMs = 0;
  let fault: Fault | undefined;
  let receiver: { readonly url: string; readonly secret: string } | undefined;
  const name = (kind: string) => `${kind}_${++made}`;

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status, body: said, headers } = answer(request, body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(said));
    });
  });

  function answer({ method, url = '/', headers }: IncomingMessage, body: string): Answer {
    if (headers.authorization !== `Bearer ${SECRET}`) return no(401, 'unauthorized');
    const [, reference, verb] = /^\/charges\/(\w+)(\/cancel)?$/.exec(url) ?? [];
    if (method === 'GET' && reference && !verb) return show(charges.get(reference));
    const key = headers['idempotency-key'];
    if (method !== 'POST' || typeof key !== 'string') return no(400, 'bad_request');
    const earlier = kept.get(key);
    if (earlier && earlier.at + KEY_LIFE_MS > now())
      return earlier.asked === url + body ? earlier.answer : no(422, 'key_reused');
    const struck = url === '/charges' ? fault : undefined;
    if (struck) fault = undefined;
    if (struck === 'server_error') return no(500, 'internal');
    if (struck === 'rate_limit') return { ...no(429, 'too_many'), headers: { 'retry-after': '7' } };
    const fresh = reference ? cancel(charges.get(reference)) : make(url, parsed(body));
    if (fresh.status === 200) kept.set(key, { at: now(), asked: url + body, answer: fresh });
    return struck ? no(500, 'internal') : fresh;
  }

  function make(url: string, given: unknown): Answer {
    switch (url) {
      case '/charges':
        return charge(newCharge.safeParse(given).data);
      case '/methods':
        return attach(given as { token: string; customer?: string });
      case '/setups':
        return setUp(given as { customer?: string });
      default:
        return no(404, 'no_such_path');
    }
  }

  function charge(given: z.infer<typeof newCharge> | undefined): Answer {
    if (!given || !given.method === !given.page) return no(400, 'bad_request');
    const { reference, order, amount, currency, metadata } = given;
    if (charges.has(reference)) return no(409, 'reference_taken');
    const guard = guardOf(order);
    if (guard) return no(409, guard);
    const id = name('ch');
    const page = given.page && { url: `https://pay.wren.example/${id}` };
    const one: Charge = {
      id,
      reference,
      order,
      amount,
      currency,
      metadata,
      status: 'open',
      ...page,
    };
    charges.set(reference, one);
    if (given.method) take(one, fates.get(given.method) ?? 'method_gone');
    return show(one);
  }

  /** An order is paid once, for ever. */
  function guardOf(order: string): string | undefined {
    const all = [...charges.values()].filter((one) => one.order === order);
    if (all.some(({ status }) => status === 'succeeded' || status === 'returned'))
      return 'order_paid';
    return all.some(({ status }) => status === 'pending') ? 'order_pending' : undefined;
  }

  function take(one: Charge, fate: string): void {
    if (fate === 'good') one.payment = name('pay');
    if (fate === 'good') return become(one, 'succeeded');
    if (fate === 'pending') return become(one, 'pending');
    one.decline = { code: fate, message: `The bank says ${fate}.` };
    become(one, 'declined');
  }

  function become(one: Charge, status: Charge['status']): void {
    one.status = status;
    if (!receiver) return;
    const event = JSON.stringify({ id: name('evt'), type: `charge.${status}`, charge: one });
    const at = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', receiver.secret).update(`${at}.${event}`).digest('hex');
    const headers = { 'wren-signature': `t=${at},v1=${signature}` };
    void fetch(receiver.url, { method: 'POST', headers, body: event }).catch(() => undefined);
  }

  function cancel(one: Charge | undefined): Answer {
    if (one?.status === 'open') become(one, 'canceled');
    return show(one);
  }

  function attach({ token, customer = name('cus') }: { token: string; customer?: string }): Answer {
    const fate = /^tok_(\w+)$/.exec(token)?.[1];
    if (!fate || fate === 'void') return no(422, 'token_refused');
    const id = name('pm');
    fates.set(id, fate);
    return { status: 200, body: { id, customer, kind: 'card', label: 'Visa ···4242' } };
  }

  function setUp({ customer = name('cus') }: { customer?: string }): Answer {
    const id = name('set');
    return { status: 200, body: { id, customer, url: `https://pay.wren.example/${id}` } };
  }

  const now = () => Date.now() + skippedMs;
  const byId = (id: string) => [...charges.values()].find((one) => one.id === id)!;

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strike: (next: Fault) => void (fault = next),
    advance: (seconds: number) => void (skippedMs += seconds * 1000),
    sendWebhooksTo: (url: string, secret: string) => void (receiver = { url, secret }),
    settle: (id: string, fate: string) => take(byId(id), fate),
    /** The payer's bank takes it back. */
    takeBack(id: string, code: string) {
      byId(id).decline = { code, message: 'The bank took it back.' };
      become(byId(id), 'returned');
    },
    approve(id: string) {
      const one = byId(id);
      if (one.status === 'open' && !guardOf(one.order)) take(one, 'good');
    },
    /** Every payment there ever was of these orders. */
    paid: (renewal: string) =>
      [...charges.values()].filter((one) => one.payment && one.metadata['renewal'] === renewal),
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function show(one: Charge | undefined): Answer {
  return one ? { status: 200, body: { ...one } } : no(404, 'no_such_charge');
}

function no(status: number, code: string): Answer {
  return { status, body: { code, message: `Wren says ${code}.` } };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
