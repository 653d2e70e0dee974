/**
 * Sending to addresses that apps name. The name is resolved once, every address is checked, and the connection goes to
 * exactly these: a name that resolves otherwise a moment later changes nothing. No redirect and no proxy is followed.
 */
import { lookup } from 'node:dns/promises';
import { type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { type LookupFunction, isIP } from 'node:net';

import { bulkhead } from 'cockatiel';

import type { SendOutcome } from '../domain/delivery.js';
import { addressFault, hostOf, type Target, urlFault } from './address.js';

interface Outgoing extends Target {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Send = (outgoing: Outgoing) => Promise<SendOutcome>;

/** All addresses of a name. */
type Resolve = (host: string) => Promise<readonly string[]>;

export interface SenderOptions {
  readonly resolve?: Resolve;
  /** For one exchange in total, from the name to the end of the answer. */
  readonly deadlineMs: number;
  /** Certificates to trust beside the public ones: for tests. */
  readonly trustedRoots?: readonly string[];
}

/** Of the process's four: a name that hangs must leave some to the gateways' names, and hangs beyond our deadline. */
const MOST_LOOKUPS = 2;
/** More of an answer is not read: its status has said everything. */
const MOST_BYTES = 65_536;

export function createSender({
  resolve = resolveAll,
  deadlineMs,
  trustedRoots = [],
}: SenderOptions): Send {
  const lookups = bulkhead(MOST_LOOKUPS, Number.POSITIVE_INFINITY);
  const addressesOf = async (host: string, deadline: AbortSignal) =>
    isIP(host) ? [host] : lookups.execute(() => resolve(host), deadline);

  return async (outgoing) => {
    const fault = urlFault(outgoing);
    if (fault) return { kind: 'refused', why: `The address ${fault}` };
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const addresses = await inTime(addressesOf(hostOf(outgoing.url), deadline), deadline);
      const bad = badAddress(addresses, outgoing);
      if (bad) return { kind: 'refused', why: bad };
      return await exchange(outgoing, addresses, deadline, trustedRoots);
    } catch (error) {
      return { kind: 'refused', why: whyOf(error, deadline, deadlineMs) };
    }
  };
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** One bad address among good ones is enough: which of them would be used is not for the name to say. */
function badAddress(addresses: readonly string[], target: Target): string | undefined {
  if (addresses.length === 0) return 'The name has no address';
  const fault = addresses.map((address) => addressFault(address, target)).find(Boolean);
  return fault && `The address ${fault}`;
}

function exchange(
  { url, headers, body }: Outgoing,
  addresses: readonly string[],
  signal: AbortSignal,
  trustedRoots: readonly string[],
): Promise<SendOutcome> {
  const { protocol } = new URL(url);
  const host = hostOf(url);
  const options = {
    method: 'POST',
    agent: false,
    lookup: answering(addresses),
    signal,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
  } as const;
  return new Promise((resolve, reject) => {
    const heard = (response: IncomingMessage) => resolve(outcomeOf(response));
    const request: ClientRequest =
      protocol === 'http:'
        ? overHttp(url, options, heard)
        : overHttps(
            url,
            {
              ...options,
              ...(!isIP(host) && { servername: host }),
              ...(trustedRoots.length > 0 && { ca: [...trustedRoots] }),
            },
            heard,
          );
    request.once('error', reject);
    // An answer that switches protocols closes it with no error at all.
    request.once('close', () => reject(new Error('it closed the connection')));
    request.end(body);
  });
}

/** In place of asking for the name again. */
function answering(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all: wanted }, done) => {
    if (wanted) done(null, all);
    else done(null, all[0]!.address, all[0]!.family);
  };
}

/** The status decides. The body is let out of the socket up to a limit, so that the app is not cut off at once. */
async function outcomeOf(response: IncomingMessage): Promise<SendOutcome> {
  const status = response.statusCode!;
  await drain(response).catch(() => {});
  response.destroy();
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  const why = `It answered ${status}`;
  if (status === 410) return { kind: 'gone', status, why };
  const redirects = status >= 300 && status < 400;
  return { kind: 'refused', status, why: redirects ? `${why}: redirects are not followed` : why };
}

async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BYTES) return;
  }
}

function inTime<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(deadline.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

/** Short, and nothing of what was answered: the text is shown to whoever named the address. */
function whyOf(error: unknown, deadline: AbortSignal, deadlineMs: number): string {
  if (deadline.aborted) return `No answer within ${deadlineMs / 1000} s`;
  const { code, message } = error as NodeJS.ErrnoException;
  return `It could not be reached: ${code ?? message}`.slice(0, 300);
}
