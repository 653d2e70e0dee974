/** What is going to happen by itself at some time of the emulator's clock. */
import { newId } from './ids.js';
import type { Clock } from './clock.js';
import type { Store } from './store.js';

export type Task =
  | { readonly kind: 'settle_payment'; readonly id: string; readonly decline?: string }
  | { readonly kind: 'settle_refund' | 'fail_refund'; readonly id: string }
  | { readonly kind: 'open_dispute'; readonly id: string; readonly reason: string };

interface Appointment {
  readonly id: string;
  readonly account: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly task: Task;
}

export interface Agenda {
  plan(account: string, afterSeconds: number, task: Task): void;
  /** Takes what is due off the agenda, earliest first. */
  takeDue(): { account: string; task: Task }[];
}

export function createAgenda(store: Store, clock: Clock): Agenda {
  const appointments = store.table<Appointment>('agenda');
  return {
    plan(account, afterSeconds, task) {
      const id = newId('task');
      appointments.put(id, { id, account, at: clock.now() + afterSeconds * 1000, task });
    },
    takeDue() {
      const due = appointments.all().filter(({ at }) => at <= clock.now());
      for (const { id } of due) appointments.delete(id);
      return due.toSorted((a, b) => a.at - b.at);
    },
  };
}
