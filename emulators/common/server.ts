/** The shell of an emulator: an HTTP server that only this machine can reach, and a clock that ticks. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type Answer, type Incoming, readIncoming, writeAnswer } from './exchange.js';

export interface Logger {
  info(message: string): void;
  error(message: string): void;
}

export interface EmulatorOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Undefined keeps everything in memory. */
  readonly stateFile: string | undefined;
  /** Silent without. It is never given a secret. */
  readonly logger?: Logger | undefined;
}

export interface RunningEmulator {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** What answers, what happens by itself, and what is to be let go in the end. */
interface Served {
  answer(incoming: Incoming): Promise<Answer>;
  tick(): void;
  close(): void;
}

/** Rejects with the system's error, `EADDRINUSE` for a busy port. */
export async function serve(
  { port, logger }: EmulatorOptions,
  open: (url: string) => Served,
): Promise<RunningEmulator> {
  const server = createServer();
  // The port first: two emulators on one state file would each miss what the other wrote.
  await listen(server, port);
  const bound = (server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${bound}`;
  const served = open(url);

  server.on('request', (request, response) => {
    readIncoming(request)
      .then((incoming) => served.answer(incoming))
      .then((answer) => writeAnswer(response, answer))
      .catch((error: unknown) => {
        logger?.error(error instanceof Error ? error.message : String(error));
        response.socket?.destroy();
      });
  });
  const ticking = setInterval(() => served.tick(), TICK_MS);

  return {
    url,
    port: bound,
    async close() {
      clearInterval(ticking);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      served.close();
    },
  };
}

const TICK_MS = 50;

function listen(server: Server, port: number): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      listening();
    });
  });
}
