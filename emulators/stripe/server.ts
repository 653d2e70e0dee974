/**
 * An emulator of Stripe: it speaks Stripe's HTTP on loopback, so that the real adapter runs against it unchanged.
 *
 * Card tokens pick the fate of charges (fates.ts), /_emulator drives what Stripe's dashboard, banks and customers
 * would (control.ts), and the journal says what money really moved. Everything is kept in one append-only file and
 * survives a kill at any moment. It takes test keys only, and listens to nobody but this machine.
 */
import { type EmulatorOptions, type RunningEmulator, serve } from '../common/server.js';
import { createApi } from './api.js';
import { createControl } from './control.js';
import { createEmulator } from './emulator.js';

export type StripeEmulator = RunningEmulator;

/** Rejects with the system's error, `EADDRINUSE` for a busy port. */
export function startStripeEmulator(options: EmulatorOptions): Promise<StripeEmulator> {
  return serve(options, () => {
    const emulator = createEmulator(options.stateFile);
    const settings = emulator.store.table<number>('settings');
    const searchDelay = () => settings.get('index_delay_seconds') ?? INDEX_DELAY_SECONDS;
    const api = createApi(emulator, searchDelay, options.logger);
    const control = createControl(emulator);
    return {
      answer: (incoming) => (incoming.path.startsWith('/_emulator/') ? control : api)(incoming),
      tick: () => emulator.tick(),
      close: () => emulator.store.close(),
    };
  });
}

/** Stripe's index is usually less than a minute behind. */
const INDEX_DELAY_SECONDS = 30;
