/**
 * An emulator of Stripe: it speaks Stripe's HTTP on loopback, so that the real adapter runs against it unchanged.
 *
 * Card tokens pick the fate of charges (fates.ts), /_emulator drives what Stripe's dashboard, banks and customers
 * would (control.ts), and the journal says what money really moved. Everything is kept in one append-only file and
 * survives a kill at any moment. It takes test keys only, and listens to nobody but this machine.
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createApi } from './api.js';
import { createControl } from './control.js';
import { createEmulator } from './emulator.js';
import { readIncoming, writeAnswer } from './exchange.js';
import type { Logger } from './execution.js';

interface StripeEmulatorOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Undefined keeps everything in memory. */
  readonly stateFile: string | undefined;
  /** Silent without. It is never given a secret. */
  readonly logger?: Logger | undefined;
}

export interface StripeEmulator {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with the system's error, `EADDRINUSE` for a busy port. */
export async function startStripeEmulator(options: StripeEmulatorOptions): Promise<StripeEmulator> {
  const server = createServer();
  // The port first: two emulators on one state file would each miss what the other wrote.
  await listen(server, options.port);
  const emulator = createEmulator(options.stateFile);
  const settings = emulator.store.table<number>('settings');
  const searchDelay = () => settings.get('index_delay_seconds') ?? INDEX_DELAY_SECONDS;
  const api = createApi(emulator, searchDelay, options.logger);
  const control = createControl(emulator);

  server.on('request', (request, response) => {
    readIncoming(request)
      .then((incoming) => (incoming.path.startsWith('/_emulator/') ? control : api)(incoming))
      .then((answer) => writeAnswer(response, answer))
      .catch((error: unknown) => {
        options.logger?.error(error instanceof Error ? error.message : String(error));
        response.socket?.destroy();
      });
  });
  const ticking = setInterval(() => emulator.tick(), TICK_MS);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      clearInterval(ticking);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      emulator.store.close();
    },
  };
}

/** Stripe's index is usually less than a minute behind. */
const INDEX_DELAY_SECONDS = 30;
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
