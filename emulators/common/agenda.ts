/** What is going to happen by itself at some time of the emulator's clock. */
import type { Clock } from './clock.js';
import { newId } from './ids.js';
import type { Store } from './store.js';

interface Appointment<Task> {
  readonly id: string;
  readonly account: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly task: Task;
}

export interface Agenda<Task> {
  plan(account: string, afterSeconds: number, task: Task): void;
  /** Takes what is due off the agenda, earliest first. */
  takeDue(): { account: string; task: Task }[];
}

export function createAgenda<Task>(store: Store, clock: Clock): Agenda<Task> {
  const appointments = store.table<Appointment<Task>>('agenda');
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
