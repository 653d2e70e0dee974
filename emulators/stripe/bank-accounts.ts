/**
 * Stripe's test bank accounts: each token, IBAN or account number stands for an account with a fate.
 *
 * Stripe's own carry theirs. Any other fate of debit-fates.ts has tokens as those of cards do:
 *
 *   pm_sepaDebit_attachThen_<fate>, pm_usBankAccount_attachThen_<fate>
 */
import { type DebitKind, isDebitFate } from './debit-fates.js';

export interface TestBankAccount {
  readonly kind: DebitKind;
  readonly last4: string;
  /** Two letters. */
  readonly country: string;
  readonly fate: string;
  /** Stands for no number: each use is an account of its own. */
  readonly numberless: boolean;
}

/** Undefined for what is not a test token. */
export function testBankAccount(token: string): TestBankAccount | undefined {
  const [, family, name] = /^pm_(sepaDebit|usBankAccount)_(.+)$/.exec(token) ?? [];
  if (family === undefined || name === undefined) return undefined;
  const kind = family === 'sepaDebit' ? 'sepa_debit' : 'us_bank_account';
  const fate = /^attachThen_(.+)$/.exec(name)?.[1];
  if (fate === undefined)
    return kind === 'sepa_debit' ? sepaNamed(name) : usAccounts.get(name)?.account;
  if (!isDebitFate(fate)) return undefined;
  const made = kind === 'sepa_debit' ? sepa('DE', '3000', fate) : us('6789', fate);
  return { ...made, numberless: true };
}

export function accountOfIban(iban: string): TestBankAccount | undefined {
  const written = iban.replaceAll(' ', '').toUpperCase();
  return [...sepaAccounts.values()].find((entry) => entry.iban === written)?.account;
}

export function accountOfNumber(routing: string, number: string): TestBankAccount | undefined {
  if (routing !== ROUTING_NUMBER) return undefined;
  return [...usAccounts.values()].find((entry) => entry.number === number)?.account;
}

/** The only bank there is. */
export const ROUTING_NUMBER = '110000000';

/** Stripe names the country too: `success_de`. */
function sepaNamed(name: string): TestBankAccount | undefined {
  return sepaAccounts.get(name.replace(/_de$/, ''))?.account;
}

function sepa(country: string, last4: string, fate: string): TestBankAccount {
  return { kind: 'sepa_debit', country, last4, fate, numberless: false };
}

function us(last4: string, fate: string): TestBankAccount {
  return { kind: 'us_bank_account', country: 'US', last4, fate, numberless: false };
}

const sepaAccounts = new Map(
  Object.entries({
    success: ['DE89370400440532013000', 'succeed'],
    successDelayed: ['DE08370400440532013003', 'pending_180'],
    failed: ['DE62370400440532013001', 'generic_could_not_process'],
    failedDelayed: ['DE78370400440532013004', 'pending_180_generic_could_not_process'],
    disputed: ['DE35370400440532013002', 'return_debit_not_authorized'],
    insufficientFunds: ['DE65370400440002222227', 'insufficient_funds'],
    exceedsWeeklyVolumeLimit: ['DE65370400440000343434', 'charge_exceeds_source_limit'],
    exceedsWeeklyTransactionLimit: ['DE27370400440000121212', 'charge_exceeds_source_limit'],
  } satisfies Record<string, [string, string]>).map(([name, [iban, fate]]) => [
    name,
    { iban, account: sepa('DE', iban.slice(-4), fate) },
  ]),
);

const usAccounts = new Map(
  Object.entries({
    success: ['000123456789', 'succeed'],
    accountClosed: ['000111111113', 'account_closed'],
    noAccount: ['000111111116', 'no_account'],
    insufficientFunds: ['000222222227', 'insufficient_funds'],
    debitNotAuthorized: ['000333333335', 'debit_not_authorized'],
    invalidCurrency: ['000444444440', 'invalid_currency'],
    failMicrodeposits: ['000666666661', 'unverified'],
    dispute: ['000555555559', 'return_debit_not_authorized'],
    processing: ['000000000009', 'pending'],
    riskLevelHighest: ['000000004954', 'bank_account_unusable'],
  } satisfies Record<string, [string, string]>).map(([name, [number, fate]]) => [
    name,
    { number, account: us(number.slice(-4), fate) },
  ]),
);
