/** The live table: what becomes of the sample's renewals, as it happens. */
import { describeMoney, money } from '../domain/money.js';
import type { Api, RenewalView } from './client.js';
import type { Actor } from './stage.js';

const EVERY_MS = 1_000;

/** Redraws in place on a terminal; elsewhere it prints a line for each change. */
export function showTable(api: Api, actors: readonly Actor[], out: NodeJS.WriteStream): () => void {
  const rows = new Map<Actor, string>();
  let drawn = 0;
  let busy = false;

  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (const actor of actors) {
        const text = rowOf(actor, await api.newestRenewal(actor.subscription));
        if (rows.get(actor) !== text && !out.isTTY) out.write(`${text}\n`);
        rows.set(actor, text);
      }
      if (out.isTTY) drawn = redraw(out, [HEADER, ...rows.values()], drawn);
    } catch {
      // The API is stopping, or was away for a moment: the next look shows what happened.
    } finally {
      busy = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return () => clearInterval(timer);
}

const HEADER = cells('customer', 'card', 'amount', 'period', 'charges', 'renewal', 'next');

function redraw(out: NodeJS.WriteStream, lines: readonly string[], drawn: number): number {
  if (drawn > 0) out.write(`\u001b[${drawn}A`);
  for (const line of lines) out.write(`\u001b[2K${line.slice(0, out.columns || 120)}\n`);
  return lines.length;
}

function rowOf({ role }: Actor, renewal: RenewalView | undefined): string {
  if (!renewal) return cells(role.name, role.story, '', '', '', 'not begun', '');
  const amount = describeMoney(money(renewal.amount_minor, renewal.currency));
  const charges = renewal.charges
    .map(({ status, decline }) => mark(status, decline?.code))
    .join(' ');
  const next = renewal.next_step?.kind ?? '';
  const period = renewal.period_start.slice(11, 16);
  return cells(role.name, role.story, amount, period, charges, renewal.status, next);
}

function mark(status: string, code: string | undefined): string {
  const marks: Record<string, string> = {
    succeeded: '✓',
    declined: '✗',
    not_sent: '○',
    planned: '·',
  };
  return `${marks[status] ?? '…'}${code ? code.slice(0, 4) : ''}`;
}

function cells(...[name, story, amount, period, charges, status, next]: string[]): string {
  return [
    name!.padEnd(9),
    story!.padEnd(27),
    amount!.padStart(10),
    period!.padStart(7),
    `  ${charges!.padEnd(24)}`,
    status!.padEnd(11),
    next!,
  ].join(' ');
}
