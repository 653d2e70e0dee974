/** What a bank debit needs before it is attempted, and what its charge shows. */
import type Stripe from 'stripe';

import type { Account } from './account.js';
import { ROUTING_NUMBER, type TestBankAccount } from './bank-accounts.js';
import { checkKind } from './currencies.js';
import { isDebit } from './debit-fates.js';
import { invalidRequest } from './errors.js';
import { type MandateData, activeMandate } from './mandates.js';

interface Asked {
  readonly amount: number;
  readonly currency: string;
  /** Undefined: whatever the account has switched on. */
  readonly types: readonly string[] | null | undefined;
  readonly mandate?: string | undefined;
  readonly mandate_data?: MandateData | undefined;
}

/** Before anything is made: a refused request has had no effect. */
export function checkMethod(account: Account, method: Stripe.PaymentMethod, asked: Asked): void {
  if (asked.types && !asked.types.includes(method.type))
    throw invalidRequest(
      `The PaymentMethod provided (${method.type}) is not allowed for this PaymentIntent.`,
      'payment_intent_incompatible_payment_method',
      'payment_method',
    );
  checkKind(method.type, asked.amount, asked.currency);
  if (!isDebit(method.type) || asked.mandate_data) return;
  const active = activeMandate(account, method.id);
  const named = asked.mandate === undefined ? active : account.mandates.get(asked.mandate);
  if (named?.status === 'active' && named.payment_method === method.id) return;
  throw invalidRequest(
    'The provided PaymentMethod has no valid mandate. Provide mandate_data, or set it up with a SetupIntent.',
    'payment_intent_mandate_invalid',
    'mandate',
  );
}

/** A bank account as a PaymentMethod shows it. */
export function accountFields(
  { kind, last4, country }: TestBankAccount,
  fingerprint: string,
): Pick<Stripe.PaymentMethod, 'sepa_debit' | 'us_bank_account' | 'type'> {
  if (kind === 'sepa_debit')
    return {
      type: kind,
      sepa_debit: {
        bank_code: '37040044',
        branch_code: '',
        country,
        fingerprint,
        generated_from: null,
        last4,
      },
    };
  return {
    type: kind,
    us_bank_account: {
      account_holder_type: 'individual',
      account_type: 'checking',
      bank_name: 'STRIPE TEST BANK',
      financial_connections_account: null,
      fingerprint,
      last4,
      networks: { preferred: 'ach', supported: ['ach'] },
      routing_number: ROUTING_NUMBER,
      status_details: {},
    },
  };
}

export function debitDetails(
  account: Account,
  { id, sepa_debit: sepa, us_bank_account: us, type }: Stripe.PaymentMethod,
): Stripe.Charge.PaymentMethodDetails {
  const mandate = activeMandate(account, id)?.id;
  if (sepa) {
    const { bank_code, branch_code, country, fingerprint, last4 } = sepa;
    const details = { bank_code, branch_code, country, fingerprint, last4 };
    return { type, sepa_debit: { ...details, mandate: mandate ?? null } };
  }
  const { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number } = us!;
  const details = { account_holder_type, account_type, bank_name, fingerprint, last4 };
  return {
    type,
    us_bank_account: {
      ...details,
      routing_number,
      payment_reference: null,
      ...(mandate && { mandate }),
    },
  };
}
