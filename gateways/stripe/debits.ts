/** Bank debits: each in one currency, and answered in days instead of seconds. */
interface Debit {
  readonly currency: string;
  /** Banks answer on business days: asking each minute would only use up the gateway's patience. */
  readonly askAgainMs: number;
}

/** Undefined for what is no bank debit. */
export function debitOf(kind: string | null | undefined): Debit | undefined {
  return kind ? DEBITS[kind] : undefined;
}

const HOUR_MS = 3_600_000;

const DEBITS: Partial<Record<string, Debit>> = {
  sepa_debit: { currency: 'EUR', askAgainMs: 24 * HOUR_MS },
  us_bank_account: { currency: 'USD', askAgainMs: 12 * HOUR_MS },
};
