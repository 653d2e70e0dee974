/** Amounts: decimal strings on the wire, whole numbers of the currency's smallest unit at PayPal inside. */
import { z } from 'zod';

import { refused } from './errors.js';

export interface Amount {
  readonly currency_code: string;
  readonly value: string;
}

export const amount = z.strictObject({
  currency_code: z.string().length(3),
  value: z
    .string()
    .min(1)
    .max(32)
    .regex(/^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$/),
});

/** Refuses what PayPal would: a currency it has not, a fraction too fine, nothing, and too much. */
export function smallestUnits(amount: Amount, field: string): number {
  const units = unitsOrZero(amount, field);
  if (units === 0)
    throw refused('CANNOT_BE_ZERO_OR_NEGATIVE', { field: `${field}/value`, location: 'body' });
  return units;
}

/** The parts of a breakdown may be nothing. */
export function unitsOrZero({ currency_code: code, value }: Amount, field: string): number {
  const at = { field: `${field}/value`, value, location: 'body' } as const;
  const decimals = DECIMALS[code];
  if (decimals === undefined)
    throw refused('INVALID_CURRENCY_CODE', { ...at, field: `${field}/currency_code`, value: code });
  const [whole = '', fraction = ''] = value.split('.');
  if (decimals === 0 && value.includes('.')) throw refused('DECIMALS_NOT_SUPPORTED', at);
  if (fraction.length > decimals) throw refused('DECIMAL_PRECISION', at);
  const units = Number(`${whole}${fraction.padEnd(decimals, '0')}`);
  if (value.startsWith('-')) throw refused('CANNOT_BE_ZERO_OR_NEGATIVE', at);
  // PayPal takes fifteen digits and two more; beyond this a number would no longer be exact.
  if (!Number.isSafeInteger(units)) throw refused('MAX_VALUE_EXCEEDED', at);
  return units;
}

export function amountOf(units: number, currency: string): Amount {
  const decimals = DECIMALS[currency] ?? 2;
  const sign = units < 0 ? '-' : '';
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const value = decimals === 0 ? digits : `${whole}.${digits.slice(-decimals)}`;
  return { currency_code: currency, value: `${sign}${value}` };
}

/** For the journal, which counts in ISO 4217 minor units: forints and Taiwan dollars have two decimals there. */
export function isoMinorUnits(units: number, currency: string): number {
  return currency === 'HUF' || currency === 'TWD' ? units * 100 : units;
}

/** 3.49 % and a fixed part, taken from the merchant. */
export function feeOf(units: number, currency: string): number {
  return Math.min(units, Math.round(units * 0.0349) + (DECIMALS[currency] === 0 ? 40 : 49));
}

const TWO_DECIMALS =
  'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD';
const DECIMALS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(TWO_DECIMALS.split(' ').map((code) => [code, 2])),
  HUF: 0,
  JPY: 0,
  TWD: 0,
};
