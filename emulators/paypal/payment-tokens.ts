/** Payment tokens: vaulted methods, to be charged while the payer is away. Old billing agreements are kept with them. */
import { z } from 'zod';

import { type Account, fateOf } from './account.js';
import { type Call, type Reply, link, ok } from './call.js';
import { noSuch, refused } from './errors.js';
import { newId, newVaultId } from './ids.js';
import { type Instrument, vaulted, walletOf } from './instruments.js';
import { read, text, whole } from './params.js';
import { takeSetupToken } from './setup-tokens.js';
import { customerId } from './vault-params.js';

export interface PaymentToken {
  readonly id: string;
  readonly kind: 'payment_token' | 'billing_agreement';
  readonly customer: { readonly id: string; readonly merchant_customer_id?: string | undefined };
  readonly instrument: Instrument;
  readonly deleted: boolean;
}

export function createPaymentToken({ account, body }: Call): Reply {
  const asked = read(created, body);
  const { id, type } = asked.payment_source.token;
  const made =
    type === 'SETUP_TOKEN'
      ? exchange(account, id, asked.customer?.id)
      : adopt(account, id, asked.customer?.id);
  const rendered = renderPaymentToken(account, made);
  account.emit('VAULT.PAYMENT-TOKEN.CREATED', rendered, 'A payment token has been created.');
  return { status: 201, body: rendered, made: { kind: 'payment_token', id: made.id } };
}

export function vault(
  account: Account,
  token: Omit<PaymentToken, 'id' | 'kind' | 'deleted'>,
  fate: string,
): PaymentToken {
  const made: PaymentToken = {
    id: newVaultId(),
    kind: 'payment_token',
    deleted: false,
    customer: token.customer,
    instrument: token.instrument,
  };
  account.paymentTokens.put(made.id, made);
  account.fates.put(made.id, { fate, refusals: 0 });
  return made;
}

/** An agreement of the old kind, which no API makes any more. */
export function agree(account: Account, fate: string): PaymentToken {
  const id = `B-${newId()}`;
  const agreement: PaymentToken = {
    id,
    kind: 'billing_agreement',
    customer: { id: newId(10) },
    instrument: walletOf(id.slice(2)),
    deleted: false,
  };
  account.paymentTokens.put(id, agreement);
  account.fates.put(id, { fate, refusals: 0 });
  return agreement;
}

export function retrievePaymentToken({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  return ok(renderPaymentToken(account, paymentTokenOf(account, ids['id']!)));
}

export function listPaymentTokens({ account, query }: Call): Reply {
  const asked = read(listed, query, 'query');
  const { page = 1, page_size: size = 5 } = asked;
  const found = account.paymentTokens
    .all()
    .filter(
      (token) =>
        token.kind === 'payment_token' && !token.deleted && token.customer.id === asked.customer_id,
    );
  const pages = Math.max(1, Math.ceil(found.length / size));
  const at = (number: number, rel: string) =>
    link(
      account,
      rel,
      `/v3/vault/payment-tokens?customer_id=${asked.customer_id}&page=${number}&page_size=${size}`,
    );
  return ok({
    customer: { id: asked.customer_id },
    payment_tokens: found
      .slice((page - 1) * size, page * size)
      .map((token) => renderPaymentToken(account, token)),
    ...(asked.total_required === 'true' && { total_items: found.length, total_pages: pages }),
    links: [
      at(page, 'self'),
      at(1, 'first'),
      at(pages, 'last'),
      ...(page < pages ? [at(page + 1, 'next')] : []),
    ],
  });
}

export function deletePaymentToken({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  forgetPaymentToken(account, ids['id']!);
  return { status: 204 };
}

/** Asked by the merchant, or by the payer in his own account. A second time nothing happens. */
export function forgetPaymentToken(account: Account, id: string): void {
  const token = account.paymentTokens.get(id);
  if (token?.kind !== 'payment_token') throw noSuch();
  if (token.deleted) return;
  account.paymentTokens.put(id, { ...token, deleted: true });
  const rendered = renderPaymentToken(account, token);
  account.emit('VAULT.PAYMENT-TOKEN.DELETION-INITIATED', rendered, 'A deletion has begun.');
  account.emit('VAULT.PAYMENT-TOKEN.DELETED', rendered, 'A payment token has been deleted.');
}

export function paymentTokenOf(account: Account, id: string): PaymentToken {
  const token = account.paymentTokens.get(id);
  if (token?.kind !== 'payment_token' || token.deleted) throw noSuch();
  return token;
}

export function renderPaymentToken(account: Account, token: PaymentToken): object {
  const self = `/v3/vault/payment-tokens/${token.id}`;
  return {
    id: token.id,
    customer: token.customer,
    payment_source: vaulted(token.instrument),
    links: [link(account, 'self', self), link(account, 'delete', self, 'DELETE')],
  };
}

function exchange(account: Account, id: string, customer: string | undefined): PaymentToken {
  const { token, fate } = takeSetupToken(account, id);
  if (customer !== undefined && customer !== token.customer.id)
    throw refused('INCOMPATIBLE_PARAMETER_VALUE', { field: '/customer/id', location: 'body' });
  return vault(account, token, fate);
}

function adopt(account: Account, id: string, customer: string | undefined): PaymentToken {
  const agreement = account.paymentTokens.get(id);
  if (agreement?.kind !== 'billing_agreement') throw noSuch('/payment_source/token/id', 'body');
  const owner = customer === undefined ? agreement.customer : { id: customer };
  return vault(account, { ...agreement, customer: owner }, fateOf(account, id).fate);
}

const created = z.strictObject({
  customer: z
    .strictObject({ id: customerId.optional(), merchant_customer_id: text(64).optional() })
    .optional(),
  payment_source: z.strictObject({
    token: z.strictObject({
      id: z.string().regex(/^[0-9a-zA-Z_-]{1,255}$/),
      type: z.enum(['SETUP_TOKEN', 'BILLING_AGREEMENT']),
    }),
  }),
});

const listed = z.strictObject({
  customer_id: customerId,
  page: whole(1, 10).optional(),
  page_size: whole(1, 5).optional(),
  total_required: z.enum(['true', 'false']).optional(),
});
