/** The control API under /_emulator: its road, and what every emulator can be told about its own machinery. */
import { z } from 'zod';

import type { Clock } from './clock.js';
import { type Deliveries, WEBHOOK_MODES } from './deliveries.js';
import { type Answer, type Incoming, jsonAnswer } from './exchange.js';
import { type Faults, faultRequest } from './faults.js';
import type { Journal, MoneyMoved } from './journal.js';
import type { Requests } from './requests.js';
import type { Store } from './store.js';

export type Act = (body: unknown, id: string) => unknown;

interface Machinery {
  readonly store: Store;
  readonly clock: Clock;
  readonly journal: Pick<Journal<MoneyMoved>, 'entries'>;
  readonly faults: Faults;
  readonly requests: Pick<Requests, 'all'>;
  readonly webhooks: Pick<Deliveries, 'setMode' | 'flush'>;
  tick(): void;
  reset(): void;
}

/** `refusal` words the vendor's own errors; any other becomes a 400. */
export function createControl(
  machine: Machinery,
  vendorActs: Readonly<Record<string, Act>>,
  refusal: (error: unknown) => Answer | undefined,
): (incoming: Incoming) => Promise<Answer> {
  const acts: Record<string, Act> = { ...machinery(machine), ...vendorActs };

  return async ({ method, path, body }) => {
    const segments = path.split('/');
    const id = segments[3] && segments[4] ? segments[3] : '';
    const name = id ? segments.with(3, ':id').join('/') : path;
    const act = acts[`${method} ${name}`];
    if (!act) return jsonAnswer(404, { error: { message: `No such control: ${method} ${path}` } });
    try {
      const result = await machine.store.commit(() => act(body ? JSON.parse(body) : {}, id));
      machine.tick();
      return jsonAnswer(method === 'POST' && CREATING.has(name) ? 201 : 200, result);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return refusal(error) ?? jsonAnswer(400, { error: { message } });
    }
  };
}

const CREATING = new Set(['/_emulator/faults', '/_emulator/webhook_endpoints']);

function machinery(machine: Machinery): Record<string, Act> {
  const { clock, faults, journal, requests, webhooks } = machine;
  const time = () => ({ now: new Date(clock.now()).toISOString(), now_ms: clock.now() });
  return {
    'GET /_emulator/journal': () => ({ entries: journal.entries() }),
    'GET /_emulator/requests': () => ({ requests: requests.all() }),
    'GET /_emulator/faults': () => ({ faults: faults.all() }),
    'POST /_emulator/faults': (body) => {
      const fault = faultRequest.parse(body);
      faults.add(fault);
      return fault;
    },
    'DELETE /_emulator/faults': () => {
      faults.clear();
      return {};
    },
    'GET /_emulator/clock': time,
    'POST /_emulator/clock': (body) => {
      clock.advance(
        z.strictObject({ advance_seconds: z.number().min(0) }).parse(body).advance_seconds,
      );
      return time();
    },
    'POST /_emulator/webhooks': (body) => {
      const { mode } = z.strictObject({ mode: z.enum(WEBHOOK_MODES) }).parse(body);
      webhooks.setMode(mode);
      return { mode };
    },
    'POST /_emulator/webhooks/flush': () => webhooks.flush(),
    'POST /_emulator/reset': () => {
      machine.reset();
      return {};
    },
  };
}
