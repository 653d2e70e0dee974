/**
 * Amounts as Stripe writes them: an integer in what Stripe calls the minor unit, which is not
 * always that of ISO 4217. An amount that Stripe's form cannot hold exactly is refused, never
 * rounded.
 */
import { DomainError } from '../../domain/errors.js';
import { type Money, currencyExponent, money, toCurrency } from '../../domain/money.js';

/** What Stripe wants for `amount`. Its `currency` is ours in lower case. */
export function toStripeAmount(amount: Money): number {
  const { shift, multipleOf } = wireForm(amount.currency);
  // Both divisions and products of whole numbers are exact here, or refused just below.
  const wire = shift < 0 ? amount.amountMinor / 10 ** -shift : amount.amountMinor * 10 ** shift;
  if (!Number.isSafeInteger(wire) || wire % multipleOf !== 0)
    throw notSupported(`Stripe cannot charge ${amount.amountMinor} ${amount.currency} exactly.`);
  return wire;
}

/** Stripe's `amount` and lower-case `currency` as money. */
export function fromStripeAmount(amount: number, currency: string): Money {
  const ours = toCurrency(currency.toUpperCase());
  const { shift, multipleOf } = wireForm(ours);
  if (!Number.isSafeInteger(amount) || amount % multipleOf !== 0)
    throw notSupported(`${amount} ${currency} is not an amount that Stripe would charge.`);
  return money(shift < 0 ? amount * 10 ** -shift : amount / 10 ** shift, ours);
}

/**
 * What Stripe has booked, as money. Its fees may be finer than what it would charge: those are
 * rounded to our minor unit.
 */
export function fromStripeBalance(amount: number, currency: string): Money {
  const ours = toCurrency(currency.toUpperCase());
  const { shift } = wireForm(ours);
  return money(shift < 0 ? amount * 10 ** -shift : Math.round(amount / 10 ** shift), ours);
}

/**
 * `shift`: decimal places from our minor unit to Stripe's. `multipleOf`: what the wire amount must
 * divide by.
 */
interface WireForm {
  readonly shift: number;
  readonly multipleOf: number;
}

function wireForm(currency: Money['currency']): WireForm {
  const special = SPECIAL[currency];
  if (special) return special;
  return currencyExponent(currency) === 3 ? { shift: 0, multipleOf: 10 } : AS_IT_IS;
}

const AS_IT_IS: WireForm = { shift: 0, multipleOf: 1 };

/**
 * Kronur and shillings have no cents but are sent with two zeros; ariary have hundredths that are
 * never sent.
 */
const SPECIAL: Partial<Record<string, WireForm>> = {
  ISK: { shift: 2, multipleOf: 100 },
  UGX: { shift: 2, multipleOf: 100 },
  MGA: { shift: -2, multipleOf: 1 },
};

function notSupported(message: string): DomainError {
  return new DomainError('invalid', 'amount_not_supported', message, 'amount_minor');
}
