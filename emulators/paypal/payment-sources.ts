/** How an order is to be paid: by a vaulted method now, or by a buyer who has to approve first. */
import { z } from 'zod';

import type { Account } from './account.js';
import { refused } from './errors.js';
import { ignored, text } from './params.js';
import type { PaymentToken } from './payment-tokens.js';
import { USAGE_PATTERNS, customerId, experienceContext, usage } from './vault-params.js';

const wallet = z.strictObject({
  address: ignored,
  attributes: z
    .strictObject({
      customer: z
        .strictObject({ id: customerId.optional(), merchant_customer_id: ignored })
        .optional(),
      vault: z
        .strictObject({
          ...usage,
          store_in_vault: z.enum(['ON_SUCCESS']),
          confirm_payment_token: ignored,
        })
        .optional(),
    })
    .optional(),
  billing_agreement_id: z
    .string()
    .regex(/^[a-zA-Z0-9-]{2,128}$/)
    .optional(),
  birth_date: ignored,
  email_address: text(254).optional(),
  experience_context: experienceContext.optional(),
  name: ignored,
  phone: ignored,
  stored_credential: z
    .strictObject({
      charge_pattern: z.enum(USAGE_PATTERNS).optional(),
      payment_initiator: z.enum(['CUSTOMER', 'MERCHANT']),
      usage: z.enum(['FIRST', 'SUBSEQUENT', 'DERIVED']).optional(),
      usage_pattern: z.enum(USAGE_PATTERNS).optional(),
    })
    .optional(),
  vault_id: text(255).optional(),
});

const card = z.strictObject({
  attributes: ignored,
  billing_address: ignored,
  experience_context: experienceContext.optional(),
  expiry: ignored,
  name: text(300).optional(),
  number: ignored,
  security_code: z
    .string()
    .regex(/^[0-9]{3,4}$/)
    .optional(),
  stored_credential: z
    .strictObject({
      payment_initiator: z.enum(['CUSTOMER', 'MERCHANT']),
      payment_type: z.enum(['ONE_TIME', 'RECURRING', 'UNSCHEDULED']),
      previous_network_transaction_reference: z
        .strictObject({
          acquirer_reference_number: text(36).optional(),
          date: z
            .string()
            .regex(/^[0-9]{4}$/)
            .optional(),
          id: z.string().min(9).max(36),
          network: text(255).optional(),
        })
        .optional(),
      usage: z.enum(['FIRST', 'SUBSEQUENT', 'DERIVED']).optional(),
    })
    .optional(),
  vault_id: text(255).optional(),
});

export const paymentSource = z
  .strictObject({
    card: card.optional(),
    paypal: wallet.optional(),
    token: z.strictObject({ id: text(255), type: z.enum(['BILLING_AGREEMENT']) }).optional(),
  })
  .refine((source) => Object.values(source).filter((one) => one !== undefined).length === 1);

type PaymentSource = z.output<typeof paymentSource>;
type CardSource = z.output<typeof card>;

/** Undefined: the buyer has to approve. */
export function vaultedMethod(account: Account, source: PaymentSource): PaymentToken | undefined {
  const { card: byCard, paypal, token } = source;
  if (token) return methodOf(account, token.id, 'token/id', 'TOKEN_ID_NOT_FOUND');
  if (byCard) {
    checkCard(byCard);
    const method = methodOf(account, byCard.vault_id!, 'card/vault_id', 'TOKEN_ID_NOT_FOUND');
    return matching(method, 'card');
  }
  const agreement = paypal?.billing_agreement_id;
  if (agreement !== undefined)
    return methodOf(
      account,
      agreement,
      'paypal/billing_agreement_id',
      'BILLING_AGREEMENT_NOT_FOUND',
    );
  const id = paypal?.vault_id;
  if (id === undefined) {
    if (paypal?.stored_credential?.payment_initiator === 'MERCHANT')
      throw at('INCOMPATIBLE_PARAMETER_VALUE', 'paypal/stored_credential/payment_initiator');
    return undefined;
  }
  return matching(methodOf(account, id, 'paypal/vault_id', 'TOKEN_ID_NOT_FOUND'), 'paypal');
}

export function isMerchantInitiated({ card: byCard, paypal }: PaymentSource): boolean {
  const stored = byCard?.stored_credential ?? paypal?.stored_credential;
  return stored?.payment_initiator === 'MERCHANT';
}

function methodOf(account: Account, id: string, field: string, issue: string): PaymentToken {
  const method = account.paymentTokens.get(id);
  if (!method || method.deleted) throw at(issue, field);
  if ((method.kind === 'billing_agreement') === field.endsWith('vault_id')) throw at(issue, field);
  return method;
}

function matching(method: PaymentToken, kind: 'card' | 'paypal'): PaymentToken {
  if (method.instrument.kind !== kind)
    throw at('MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE', `${kind}/vault_id`);
  return method;
}

function checkCard({
  vault_id: id,
  number,
  security_code: code,
  stored_credential: stored,
}: CardSource) {
  if (number !== undefined) throw at('PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING', 'card/number');
  if (id === undefined) throw at('MISSING_REQUIRED_PARAMETER', 'card/vault_id');
  if (stored?.payment_initiator === 'MERCHANT') {
    if (code !== undefined) throw at('MERCHANT_INITIATED_WITH_SECURITY_CODE', 'card/security_code');
    if (stored.payment_type === 'ONE_TIME')
      throw at('INCOMPATIBLE_PARAMETER_VALUE', 'card/stored_credential/payment_type');
    if (stored.usage === 'FIRST')
      throw at('INCOMPATIBLE_PARAMETER_VALUE', 'card/stored_credential/usage');
  } else if (stored?.previous_network_transaction_reference) {
    const field = 'card/stored_credential/previous_network_transaction_reference';
    throw at('INCOMPATIBLE_PARAMETER_VALUE', field);
  }
}

function at(issue: string, field: string) {
  return refused(issue, { field: `/payment_source/${field}`, location: 'body' });
}
