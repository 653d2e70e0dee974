/** A merchant that writes to its customers, and a courier whose clock a test sets. */
import { NOTICE_KINDS } from '../../domain/notice.js';
import { type CourierDeps, sendDue } from '../../notices/courier.js';
import { smtpPost } from '../../notices/smtp.js';
import { changeSettings } from '../../prisma/settings.js';
import type { House } from './house.js';
import { type MailSink, decodedSubject } from './mail-sink.js';

const ADA = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  locale: 'de-DE',
  timeZone: 'America/New_York',
};

export async function openPostOffice(house: House, sink: MailSink) {
  const who = { from: 'billing@nest.example', replyTo: 'help@nest.example', brand: 'Nest' };
  const notices = { ...who, kinds: NOTICE_KINDS };
  await house.db.$transaction((tx) => changeSettings(tx, house.merchantId, { notices }));
  const surprises: unknown[] = [];
  const courier: CourierDeps = {
    ...house.courier,
    post: smtpPost({ url: sink.url, deadlineMs: 1_000 }),
    publicUrl: 'https://pay.nest.example',
    leaseMs: 10_000,
    onSurprise: (error) => surprises.push(error),
  };
  return {
    courier,
    surprises,
    /** The customer gets an address, a language and a zone. */
    introduce: (id: string, about: object = {}) =>
      house.db.customer.update({ where: { id }, data: { ...ADA, ...about } }),
    send: (at: Date = new Date(), changes: Partial<CourierDeps> = {}) =>
      sendDue({ ...courier, ...changes }, () => at),
    /** Sends every hour of a span, and tells what arrived at which hour where the customer is. */
    async sendHourly(from: number, to: number, zone = ADA.timeZone): Promise<string[]> {
      const told: string[] = [];
      for (let at = from; at <= to; at += HOUR_MS) {
        const before = sink.arrived.length;
        await sendDue(courier, () => new Date(at));
        for (const letter of sink.arrived.slice(before)) {
          const day = Math.floor((at - from) / DAY_MS);
          told.push(
            `day ${String(day).padStart(2)} ${hourIn(zone, at)}  ${decodedSubject(letter)}`,
          );
        }
      }
      return told;
    },
    list: (renewalId: string) =>
      house.db.notice.findMany({ where: { renewalId }, orderBy: { id: 'asc' } }),
  };
}

/** Signs are turned round in these names. */
export function whereItIsNoon(): string {
  const east = 12 - new Date().getUTCHours();
  return `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function hourIn(timeZone: string, at: number): string {
  const options = { hour: '2-digit', hourCycle: 'h23', timeZone } as const;
  const hour = Number(new Intl.DateTimeFormat('en', options).format(at));
  return hour >= 8 && hour < 20 ? 'by day' : `at ${hour} o'clock`;
}
