/**
 * An emulator of PayPal: it speaks PayPal's HTTP on loopback, so that the real adapter runs against it unchanged.
 *
 * Vaulted methods have fates (fates.ts), /_emulator drives what PayPal, banks and payers would (control.ts), and the
 * journal says what money really moved. Webhooks are signed under a root certificate of its own. Everything is kept
 * in one append-only file and survives a kill at any moment. It takes no live credentials, and listens to nobody but
 * this machine.
 */
import { type EmulatorOptions, type RunningEmulator, serve } from '../common/server.js';
import { createApi } from './api.js';
import { createControl } from './control.js';
import { createEmulator } from './emulator.js';
import { pemAnswer } from './public.js';

export type PaypalEmulator = RunningEmulator;

/** Rejects with the system's error, `EADDRINUSE` for a busy port. */
export function startPaypalEmulator(options: EmulatorOptions): Promise<PaypalEmulator> {
  return serve(options, (url) => {
    const emulator = createEmulator(options.stateFile, url);
    const api = createApi(emulator, options.logger);
    const control = createControl(emulator);
    return {
      answer: async (incoming) => {
        if (incoming.path === '/_emulator/root_certificate')
          return pemAnswer(emulator.certificates.root());
        return incoming.path.startsWith('/_emulator/') ? control(incoming) : api(incoming);
      },
      tick: () => emulator.tick(),
      close: () => emulator.store.close(),
    };
  });
}
