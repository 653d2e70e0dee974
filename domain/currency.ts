/**
 * Currencies: those we bill in, and how many decimals ISO 4217 gives them. What a gateway expects
 * on its wire can differ and is that gateway's own business.
 */
import { DomainError } from './errors.js';

declare const currency: unique symbol;

/**
 * An ISO 4217 code in upper case that is in our table: "EUR". Made only by `toCurrency` and
 * `isCurrency`.
 */
export type Currency = string & { readonly [currency]: true };

/**
 * Whether this is a currency we know. Lower case is not: the code is stored and compared as it is.
 */
export function isCurrency(code: unknown): code is Currency {
  return typeof code === 'string' && EXPONENTS.has(code);
}

/**
 * The code as a currency. One we do not know is refused: a guessed exponent is a 100-fold
 * overcharge.
 */
export function toCurrency(code: string): Currency {
  if (isCurrency(code)) return code;
  throw new DomainError('invalid', 'unknown_currency', `Unknown currency "${code}".`, 'currency');
}

/** Decimals between the major and the minor unit: EUR 2, JPY 0, KWD 3. */
export function currencyExponent(currency: Currency): number {
  return EXPONENTS.get(currency)!;
}

/** Every code in the table, sorted. */
export function knownCurrencies(): readonly Currency[] {
  return [...EXPONENTS.keys()].toSorted() as Currency[];
}

const NO_DECIMALS = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF';

const TWO_DECIMALS = `
  AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
  CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR
  ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN
  MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP
  SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW`;

const THREE_DECIMALS = 'BHD JOD KWD OMR TND';

const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...withExponent(NO_DECIMALS, 0),
  ...withExponent(TWO_DECIMALS, 2),
  ...withExponent(THREE_DECIMALS, 3),
]);

function withExponent(codes: string, exponent: number): [string, number][] {
  return codes
    .trim()
    .split(/\s+/)
    .map((code) => [code, exponent]);
}
