/**
 * Amounts as PayPal writes them: a decimal string in one of 24 currencies, three of which have no decimals there. An
 * amount that this form cannot hold exactly is refused, never rounded.
 */
import { DomainError } from '../../domain/errors.js';
import {
  type Money,
  fromDecimalString,
  money,
  sameMoney,
  toDecimalString,
} from '../../domain/money.js';

export interface PaypalAmount {
  readonly currency_code: string;
  readonly value: string;
}

export function toPaypalAmount(amount: Money): PaypalAmount {
  const { currency } = amount;
  if (!SUPPORTED.has(currency)) throw notSupported(`PayPal does not take ${currency}.`);
  if (amount.amountMinor === 0) throw notSupported('PayPal does not take nothing.');
  const [whole, fraction] = toDecimalString(amount).split('.');
  if (!WHOLE_ONLY.has(currency)) return { currency_code: currency, value: toDecimalString(amount) };
  if (fraction !== undefined && Number(fraction) !== 0)
    throw notSupported(`PayPal cannot charge ${amount.amountMinor} ${currency} exactly.`);
  return { currency_code: currency, value: whole! };
}

/** "10.9" and "10.90" are one amount. */
export function fromPaypalAmount({ currency_code: currency, value }: PaypalAmount): Money {
  const amount = fromDecimalString(value, currency);
  if (!SUPPORTED.has(amount.currency)) throw notSupported(`PayPal does not take ${currency}.`);
  return money(amount.amountMinor, currency);
}

/**
 * What moved, and which way. PayPal's books also hold what we never ask it for: any currency there is. Undefined for
 * what is no amount at all.
 */
export function readMoved({
  currency_code: currency,
  value,
}: PaypalAmount): { readonly amount: Money; readonly out: boolean } | undefined {
  try {
    const out = value.startsWith('-');
    return { amount: fromDecimalString(out ? value.slice(1) : value, currency), out };
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** Whether PayPal speaks of just this money. What cannot be read is not. */
export function isAmount(said: PaypalAmount | undefined, asked: Money): boolean {
  if (!said) return false;
  try {
    return sameMoney(fromPaypalAmount(said), asked);
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** In BRL, CNY and MYR only accounts of that country are paid; which one this is, PayPal knows. */
const SUPPORTED: ReadonlySet<string> = new Set(
  `AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD`.split(
    ' ',
  ),
);

/** Forints and Taiwan dollars have two decimals everywhere else. */
const WHOLE_ONLY: ReadonlySet<string> = new Set(['HUF', 'JPY', 'TWD']);

function notSupported(message: string): DomainError {
  return new DomainError('invalid', 'amount_not_supported', message, 'amount_minor');
}
