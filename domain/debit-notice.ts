/** Bank debits are announced: the payer learns the amount and the day before the money is taken. */

/** Days between telling the payer and the debit, by the kind of payment method; other kinds need none. */
const NOTICE_DAYS: Readonly<Record<string, number>> = { sepa_debit: 2 };

/** `override`: what the gateway account says, when the mandate's text or the gateway's own notices settle it. */
export function noticeMs(kind: string, override: number | null): number {
  return (isDebit(kind) ? (override ?? NOTICE_DAYS[kind] ?? 0) : 0) * 86_400_000;
}

function isDebit(kind: string): boolean {
  return kind === 'sepa_debit' || kind === 'us_bank_account';
}
