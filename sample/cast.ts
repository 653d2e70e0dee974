/** The sample's customers: one for each thing that can become of a renewal. */
export interface Role {
  readonly name: string;
  /** What a newcomer should see happen. */
  readonly story: string;
  /** Decides, at the emulator, what becomes of charges on the card. Absent: there is no card. */
  readonly token?: string;
  /** The same for a PayPal wallet: the chosen method without a card, the second one beside it. */
  readonly wallet?: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** A second card that the customer brings after this many seconds. */
  readonly newCardAfterSeconds?: number;
  /** The language of the customer's letters; English where it is absent. */
  readonly locale?: string;
  /** The connection breaks right after the gateway has charged this one. */
  readonly hiccup?: true;
}

export const CAST: readonly Role[] = [
  { name: 'Ada', story: 'good card', token: 'pm_card_visa', amountMinor: 1900, currency: 'EUR' },
  {
    name: 'Ben',
    story: 'no funds, then good',
    token: 'pm_card_attachThen_insufficient_funds_times_2',
    amountMinor: 2900,
    currency: 'USD',
  },
  {
    name: 'Chloé',
    story: 'expired card',
    token: 'pm_card_attachThen_expired_card',
    locale: 'fr-FR',
    amountMinor: 990,
    currency: 'EUR',
  },
  {
    name: 'Dmitri',
    story: 'stolen card',
    token: 'pm_card_attachThen_stolen_card',
    amountMinor: 4900,
    currency: 'USD',
  },
  {
    name: 'Elif',
    story: '3-D Secure needed',
    token: 'pm_card_attachThen_authentication_required',
    locale: 'de-DE',
    amountMinor: 1490,
    currency: 'EUR',
  },
  {
    name: 'Fumi',
    story: 'pending, then paid',
    token: 'pm_card_attachThen_pending_12',
    amountMinor: 3000,
    currency: 'JPY',
  },
  {
    name: 'Gus',
    story: 'expired, brings a new card',
    token: 'pm_card_attachThen_expired_card',
    amountMinor: 1250,
    currency: 'GBP',
    newCardAfterSeconds: 15,
  },
  {
    name: 'Hana',
    story: 'gateway hiccup',
    token: 'pm_card_mastercard',
    amountMinor: 2500,
    currency: 'EUR',
    hiccup: true,
  },
  {
    name: 'Jun',
    story: 'PayPal wallet',
    wallet: 'succeed',
    amountMinor: 2200,
    currency: 'EUR',
  },
  {
    name: 'Kim',
    story: 'PayPal, pending, then paid',
    wallet: 'pending_ECHECK_15',
    amountMinor: 3300,
    currency: 'USD',
  },
];
