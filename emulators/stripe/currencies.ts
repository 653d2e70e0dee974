/** Which currencies Stripe charges in, and how little or much of them. */
import { invalidRequest } from './errors.js';

export function checkAmount(amount: number, currency: string): void {
  if (!CURRENCIES.has(currency))
    throw invalidRequest(`Invalid currency: ${currency}.`, undefined, 'currency');
  if (amount < (MINIMUM[currency] ?? 1))
    throw invalidRequest(
      `Amount must be at least ${MINIMUM[currency] ?? 1} ${currency} in the smallest unit.`,
      'amount_too_small',
      'amount',
    );
  if (amount > MAXIMUM)
    throw invalidRequest(`Amount must be no more than ${MAXIMUM}.`, 'amount_too_large', 'amount');
  // Sent as if they had two decimals, which they do not have.
  if ((currency === 'isk' || currency === 'ugx') && amount % 100 !== 0)
    throw invalidRequest(`Invalid ${currency} amount: it must end in 00.`, undefined, 'amount');
  if (THREE_DECIMALS.has(currency) && amount % 10 !== 0)
    throw invalidRequest(`Invalid ${currency} amount: it must end in 0.`, undefined, 'amount');
}

/** A bank debit is drawn in one currency; SEPA's also has a limit. */
export function checkKind(kind: string, amount: number, currency: string): void {
  const only = ONLY[kind];
  if (only && only !== currency)
    throw invalidRequest(
      `The currency provided (${currency}) is invalid for one of the payment method types: ${kind} takes ${only}.`,
      'payment_method_currency_mismatch',
      'currency',
    );
  if (kind === 'sepa_debit' && amount > SEPA_MAXIMUM)
    throw invalidRequest(
      `Amount must be no more than €10,000.00 for sepa_debit.`,
      'amount_too_large',
      'amount',
    );
}

const ONLY: Readonly<Record<string, string>> = { sepa_debit: 'eur', us_bank_account: 'usd' };
const SEPA_MAXIMUM = 1_000_000;

const MAXIMUM = 99_999_999;

const THREE_DECIMALS = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);

/** The smallest charge in the smallest unit, where Stripe publishes one. */
const MINIMUM: Readonly<Record<string, number>> = {
  ...sameFor(50, 'usd ars aud brl cad chf cop eur idr ils inr nzd php rub sgd zar jpy krw'),
  ...sameFor(30, 'gbp'),
  ...sameFor(200, 'aed myr pln ron'),
  ...sameFor(250, 'dkk'),
  ...sameFor(300, 'nok sek'),
  ...sameFor(400, 'hkd'),
  ...sameFor(1000, 'mxn thb'),
  ...sameFor(1500, 'czk'),
  ...sameFor(17_500, 'huf'),
};

function sameFor(amount: number, currencies: string): Record<string, number> {
  return Object.fromEntries(currencies.split(' ').map((currency) => [currency, amount]));
}

const CURRENCIES = new Set(
  `aed afn all amd ang aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp byn bzd cad
  cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd
  hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl
  mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg
  qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd szl thb tjs tnd top try ttd twd tzs uah ugx
  usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw`.split(/\s+/),
);
