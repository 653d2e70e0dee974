/** An app's webhook endpoint: a real HTTP server that keeps what it is sent, and answers as the test says. */
import { once } from 'node:events';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly id: string;
  readonly subscription: string;
  readonly sequence: number;
  readonly type: string;
}

/** A status, or how to answer: not at all, to hang. */
type Answer = number | ((response: ServerResponse) => void);

export type Sink = Awaited<ReturnType<typeof openSink>>;

export async function openSink(first: Answer = 200) {
  let answer = first;
  const heard: Heard[] = [];
  async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let raw = '';
    for await (const chunk of request) raw += String(chunk);
    const message = JSON.parse(raw) as Omit<Heard, 'raw' | 'headers'>;
    heard.push({ headers: request.headers, raw, ...message });
    if (typeof answer === 'number') response.writeHead(answer).end();
    else answer(response);
  }
  const server = createServer((request, response) => {
    hear(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/dunlin`,
    heard,
    /** What was taken of one subscription, by sequence. */
    sequencesOf: (subscription: string) =>
      heard.filter((one) => one.subscription === subscription).map(({ sequence }) => sequence),
    answers(next: Answer) {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
