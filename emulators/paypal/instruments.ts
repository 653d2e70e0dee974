/** What pays: a buyer's wallet, or a card. The wallet's owner is invented, the same for the same id. */
import type { CardRequest, WalletRequest } from './vault-params.js';

export interface Wallet {
  readonly kind: 'paypal';
  readonly payer_id: string;
  readonly email_address: string;
  readonly usage: Pick<
    WalletRequest,
    | 'customer_type'
    | 'description'
    | 'permit_multiple_payment_tokens'
    | 'usage_pattern'
    | 'usage_type'
  >;
}

interface Card {
  readonly kind: 'card';
  readonly last_digits: string;
  readonly brand: string;
  readonly expiry: string;
  readonly name: string | undefined;
}

export type Instrument = Wallet | Card;

export function walletOf(owner: string, usage: Wallet['usage'] = {}): Wallet {
  const payer = `PAYER${owner.toUpperCase()}`.slice(0, 13).padEnd(13, '0');
  return {
    kind: 'paypal',
    payer_id: payer,
    email_address: `${owner.toLowerCase()}@buyer.example.com`,
    usage,
  };
}

/** Only the last digits are kept. */
export function cardOf({ number, expiry, name }: CardRequest): Card {
  const brand = BRANDS.find(([pattern]) => pattern.test(number))?.[1] ?? 'UNKNOWN';
  return { kind: 'card', last_digits: number.slice(-4), brand, expiry, name };
}

export function passesLuhn(number: string): boolean {
  const sum = number
    .split('')
    .toReversed()
    .reduce((total, digit, index) => {
      const doubled = Number(digit) * (index % 2 ? 2 : 1);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
}

/** PayPal's sandbox declines cards by the name on them. */
export function fateByName(name: string | undefined): string {
  const trigger = /^CCREJECT-(\w+)$/.exec(name ?? '')?.[1];
  const code = REJECTIONS[trigger ?? ''];
  return code === undefined ? 'succeed' : `declined_${code}`;
}

/** As vault tokens show it. */
export function vaulted(instrument: Instrument): object {
  if (instrument.kind === 'card') {
    const { last_digits, brand, expiry, name } = instrument;
    return { card: { ...(name && { name }), last_digits, brand, expiry } };
  }
  const { email_address, payer_id, usage } = instrument;
  return { paypal: { ...usage, email_address, payer_id, account_id: payer_id, name: NAME } };
}

/** As orders show it. */
export function paying(instrument: Instrument, attributes?: object): object {
  if (instrument.kind === 'card') {
    const { last_digits, brand, expiry, name } = instrument;
    return { card: { ...(name && { name }), last_digits, brand, expiry, type: 'CREDIT' } };
  }
  const { email_address, payer_id } = instrument;
  return {
    paypal: {
      email_address,
      account_id: payer_id,
      account_status: 'VERIFIED',
      name: NAME,
      address: { country_code: 'US' },
      ...(attributes && { attributes }),
    },
  };
}

export function payerOf(instrument: Instrument): object | undefined {
  if (instrument.kind === 'card') return undefined;
  const { email_address, payer_id } = instrument;
  return { name: NAME, email_address, payer_id, address: { country_code: 'US' } };
}

const NAME = { given_name: 'Robin', surname: 'Buyer' };

export const TEST_CARDS = {
  VISA: '4111111111111111',
  MASTERCARD: '5555555555554444',
  AMEX: '378282246310005',
  DISCOVER: '6011111111111117',
};

const BRANDS = [
  [/^4/, 'VISA'],
  [/^(5[1-5]|2[2-7])/, 'MASTERCARD'],
  [/^3[47]/, 'AMEX'],
  [/^6/, 'DISCOVER'],
] as const;

const REJECTIONS: Readonly<Record<string, string>> = {
  SF: '9500',
  EC: '5400',
  REFUSED: '0500',
  IRC: '5180',
  IF: '5120',
  LS: '9520',
  IA: '1330',
  BANK_ERROR: '5100',
  CVV_F: '00N7',
};
