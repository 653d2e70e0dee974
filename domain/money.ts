/**
 * Money: a whole number of minor units and its currency. No float is ever formed, and nothing here
 * rounds.
 */
import { type Currency, currencyExponent, toCurrency } from './currency.js';
import { DomainError } from './errors.js';

export { currencyExponent, isCurrency, knownCurrencies, toCurrency } from './currency.js';

/**
 * An amount that is never negative: what is owed, charged or refunded. Plain JSON, so that it
 * crosses Temporal, HTTP and the database unchanged. Made by `money`, never by hand.
 */
export interface Money {
  /** Whole minor units by ISO 4217, a safe integer from 0: EUR 19.00 is 1900, JPY 500 is 500. */
  readonly amountMinor: number;
  readonly currency: Currency;
}

export function money(amountMinor: number, currency: string): Money {
  if (!Number.isSafeInteger(amountMinor))
    throw badAmount('amount_not_whole', `${amountMinor} is not a whole number of minor units.`);
  if (amountMinor < 0) throw badAmount('amount_negative', `${amountMinor} is less than nothing.`);
  // Minus zero would be another value than zero to a strict comparison.
  return { amountMinor: amountMinor === 0 ? 0 : amountMinor, currency: toCurrency(currency) };
}

export function addMoney(a: Money, b: Money): Money {
  requireOneCurrency(a, b);
  return money(a.amountMinor + b.amountMinor, a.currency);
}

/** Refuses to go below zero: nobody is owed a negative charge. */
export function subtractMoney(a: Money, b: Money): Money {
  requireOneCurrency(a, b);
  return money(a.amountMinor - b.amountMinor, a.currency);
}

/** Whether amount and currency are the same. Nothing in one currency is not nothing in another. */
export function sameMoney(a: Money, b: Money): boolean {
  return a.amountMinor === b.amountMinor && a.currency === b.currency;
}

/**
 * Splits by weights so that the parts sum to the whole. What division leaves over goes, one minor
 * unit each, to the parts that lost the largest fraction; among equals to the earlier one. Weights
 * are whole, from 0, not all 0.
 */
export function allocate(whole: Money, weights: readonly number[]): Money[] {
  if (weights.some((weight) => !Number.isSafeInteger(weight) || weight < 0))
    throw badWeights('Weights are whole numbers from 0.');
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  if (total === 0n) throw badWeights('At least one weight must be above 0.');

  // The product of an amount and a weight can exceed what a number holds exactly.
  const shares = weights.map((weight, index) => {
    const product = BigInt(whole.amountMinor) * BigInt(weight);
    return { index, units: Number(product / total), lost: product % total };
  });
  let left = whole.amountMinor - shares.reduce((sum, share) => sum + share.units, 0);
  const byLoss = shares.toSorted((a, b) => Number(b.lost > a.lost) - Number(b.lost < a.lost));
  for (const share of byLoss) if (left-- > 0) share.units++;
  return shares.map((share) => money(share.units, whole.currency));
}

/**
 * "19.99" in USD, "500" in JPY, "5.120" in KWD: always exactly the currency's decimals, no
 * grouping.
 */
export function toDecimalString({ amountMinor, currency }: Money): string {
  const exponent = currencyExponent(currency);
  const digits = String(amountMinor).padStart(exponent + 1, '0');
  if (exponent === 0) return digits;
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * Reads "19.99", "19.9" or "19" by moving the point in the text. Digits beyond the currency's
 * decimals must be zero ("500.00" is 500 yen); anything else, a sign or an exponent included, is
 * refused and never rounded.
 */
export function fromDecimalString(text: string, currency: string): Money {
  const exponent = currencyExponent(toCurrency(currency));
  const [, whole, fraction = ''] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) throw badAmount('bad_decimal', `"${text}" is not an amount.`);
  if (!/^0*$/.test(fraction.slice(exponent)))
    throw badAmount('too_many_decimals', `${currency} has ${exponent} decimals, not "${text}".`);
  return money(Number(whole + fraction.slice(0, exponent).padEnd(exponent, '0')), currency);
}

/**
 * "EUR 19.00", for logs, the Temporal UI and operators. The same text everywhere, whatever the
 * locale.
 */
export function describeMoney(amount: Money): string {
  return `${amount.currency} ${toDecimalString(amount)}`;
}

/** At most 32 characters, as long as any gateway's amount. */
const DECIMAL = /^(?=.{1,32}$)(\d+)(?:\.(\d+))?$/;

function requireOneCurrency(a: Money, b: Money): void {
  if (a.currency === b.currency) return;
  const message = `${a.currency} and ${b.currency} cannot be added or subtracted.`;
  throw new DomainError('invalid', 'currency_differs', message, 'currency');
}

function badAmount(reason: string, message: string): DomainError {
  return new DomainError('invalid', reason, message, 'amount_minor');
}

function badWeights(message: string): DomainError {
  return new DomainError('invalid', 'bad_weights', message);
}
