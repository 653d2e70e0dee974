/** A renewal's story as text: what happened to it, on which day. Tests compare it, people read it. */
import type { Decline } from '../../domain/decline.js';
import type { House } from './house.js';

interface Moment {
  readonly at: Date;
  readonly what: string;
}

const DAY_MS = 86_400_000;

/** One line per fact, in days since the renewal was due: "day  3  charge 3 → declined: insufficient_funds". */
export async function timeline({ db }: House, renewalId: string): Promise<string> {
  const renewal = await db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const charges = await db.charge.findMany({ where: { renewalId }, orderBy: { ordinal: 'asc' } });
  const events = await db.event.findMany({
    where: { subscriptionId: renewal.subscriptionId },
    orderBy: { sequence: 'asc' },
  });
  const moments: Moment[] = charges
    .filter(({ status }) => status !== 'planned' && status !== 'canceled')
    .map((charge) => {
      const decline = charge.decline as unknown as Decline | null;
      const code = decline ? `: ${decline.code}` : '';
      const at = charge.firstSentAt ?? charge.plannedAt;
      return { at, what: `charge ${charge.ordinal} (${charge.round}) → ${charge.status}${code}` };
    });
  for (const { type, createdAt, payload } of events) {
    const told = payload as { renewal?: string; stage?: string };
    if (told.renewal !== renewalId || type === 'renewal.payment_declined') continue;
    moments.push({ at: createdAt, what: [type, told.stage].filter(Boolean).join(' ') });
  }
  return moments
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ at, what }) => {
      const day = Math.floor((at.getTime() - renewal.dueAt.getTime()) / DAY_MS);
      return `day ${String(day).padStart(2)}  ${what}`;
    })
    .join('\n');
}
