/** One HTTP exchange: a request read whole, and an answer that may be cut short on purpose. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** `whole`: the connection is cut instead of an answer; `half`: in the middle of it. */
  readonly cut?: 'whole' | 'half';
}

export function jsonAnswer(status: number, body: unknown, headers = {}): Answer {
  const json = { 'content-type': 'application/json' };
  return { status, headers: { ...json, ...headers }, body: JSON.stringify(body) };
}

export function header({ headers }: Incoming, name: string): string | undefined {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

export async function readIncoming(request: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error('The request body is too large.');
    chunks.push(chunk);
  }
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return {
    method: request.method ?? 'GET',
    path,
    query,
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

export function writeAnswer(
  response: ServerResponse,
  { status, headers, body, cut }: Answer,
): void {
  if (cut === 'whole') {
    response.socket?.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (cut === undefined) {
    response.end(bytes);
    return;
  }
  // The length promises all of it; the socket closes once half is out.
  response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.destroy());
}

const MOST_BYTES = 6 * 1024 * 1024;
