/** Customers. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import type { Call } from './call.js';
import { noSuch } from './errors.js';
import { clearableText, expand, ignored, mergeMetadata, metadata, read, text } from './params.js';
import { attachTo } from './payment-methods.js';

export function createCustomer(call: Call): Stripe.Customer {
  const { account, cause, params } = call;
  const asked = read(created, params);
  const customer = {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: account.clock.seconds(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: asked.description ?? null,
    discount: null,
    email: asked.email ?? null,
    invoice_prefix: newId('inv', 8).slice(4).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: asked.invoice_settings?.default_payment_method ?? null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name ?? null,
    phone: asked.phone ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  } satisfies Stripe.Customer;
  if (asked.payment_method) attachTo(call, asked.payment_method, customer.id);
  account.customers.put(customer.id, customer);
  account.emit('customer.created', customer, cause);
  return customer;
}

export function retrieveCustomer({ account, ids, params }: Call): Stripe.Customer {
  read(z.strictObject({ expand }), params);
  return customerOf(account, ids['id']!);
}

export function updateCustomer({ account, cause, ids, params }: Call): Stripe.Customer {
  const asked = read(updated, params);
  const old = customerOf(account, ids['id']!);
  const method = asked.invoice_settings?.default_payment_method;
  const customer: Stripe.Customer = {
    ...old,
    description: asked.description === undefined ? old.description : asked.description,
    email: asked.email === undefined ? old.email : asked.email,
    name: asked.name === undefined ? (old.name ?? null) : asked.name,
    phone: asked.phone === undefined ? (old.phone ?? null) : asked.phone,
    metadata: mergeMetadata(old.metadata, asked.metadata),
    ...(method && {
      invoice_settings: { ...old.invoice_settings, default_payment_method: method },
    }),
  };
  account.customers.put(customer.id, customer);
  account.emit('customer.updated', customer, cause);
  return customer;
}

/** A customer named in a parameter that does not exist is a bad request, in a path a 404. */
export function customerOf(account: Account, id: string, param?: string): Stripe.Customer {
  const customer = account.customers.get(id);
  if (!customer) throw noSuch('customer', id, param ?? 'id', param ? 400 : 404);
  return customer;
}

const described = {
  address: ignored,
  balance: ignored,
  business_name: ignored,
  cash_balance: ignored,
  description: clearableText.optional(),
  email: clearableText.optional(),
  expand,
  individual_name: ignored,
  invoice_prefix: ignored,
  invoice_settings: z
    .strictObject({
      custom_fields: ignored,
      default_payment_method: text.optional(),
      footer: ignored,
      rendering_options: ignored,
    })
    .optional(),
  metadata: metadata.optional(),
  name: clearableText.optional(),
  next_invoice_sequence: ignored,
  phone: clearableText.optional(),
  preferred_locales: ignored,
  shipping: ignored,
  tax: ignored,
  tax_exempt: ignored,
  validate: ignored,
};

const created = z.strictObject({
  ...described,
  payment_method: text.optional(),
  tax_id_data: ignored,
});
const updated = z.strictObject(described);
