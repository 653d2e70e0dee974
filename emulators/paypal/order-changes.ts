/** Changes of an order that is not paid yet: its intent, and the texts and the amount of its units. */
import { z } from 'zod';

import { amount, smallestUnits } from './amounts.js';
import type { Call, Reply } from './call.js';
import { refused } from './errors.js';
import type { Unit } from './order-params.js';
import { type Order, orderOf } from './orders.js';
import { ignored, read, text } from './params.js';

export function changeOrder({ account, ids, body }: Call): Reply {
  const changes = read(patch, body);
  const order = orderOf(account, ids['id']!);
  if (order.status === 'COMPLETED') throw refused('ORDER_ALREADY_COMPLETED');
  const changed = changes.reduce((so, change, index) => apply(so, change, `/${index}`), order);
  account.orders.put(order.id, { ...changed, updated: account.clock.now() });
  return { status: 204 };
}

type Change = z.output<typeof patch>[number];

function apply(order: Order, { op, path, value }: Change, field: string): Order {
  if (path === '/intent') {
    if (op !== 'replace') throw refused('INVALID_PATCH_OPERATION', { field: `${field}/op` });
    return { ...order, intent: read(intent, value) };
  }
  const [, reference, name] = UNIT_FIELD.exec(path) ?? [];
  const found = order.purchaseUnits.find(({ reference_id: one }) => one === reference);
  if (!found || !name) throw refused('NOT_PATCHABLE', { field: `${field}/path`, value: path });
  const unit = op === 'remove' ? without(found, name, field) : withValue(found, name, value, field);
  const purchaseUnits = order.purchaseUnits.map((one) => (one === found ? unit : one));
  return { ...order, purchaseUnits };
}

const UNIT_FIELD =
  /^\/purchase_units\/@reference_id=='([^']+)'\/(amount|custom_id|invoice_id|description|soft_descriptor)$/;

function withValue(unit: Unit, name: string, value: unknown, field: string): Unit {
  if (name !== 'amount')
    return { ...unit, [name]: read(text(name === 'soft_descriptor' ? 22 : 127), value) };
  const asked = read(amount, value);
  return { ...unit, amount: asked, units: smallestUnits(asked, `${field}/value`) };
}

function without(unit: Unit, name: string, field: string): Unit {
  if (name === 'amount') throw refused('INVALID_PATCH_OPERATION', { field: `${field}/op` });
  return { ...unit, [name]: undefined };
}

const intent = z.enum(['CAPTURE', 'AUTHORIZE']);
const patch = z
  .array(
    z.strictObject({
      op: z.enum(['add', 'replace', 'remove']),
      path: z.string().min(1).max(2000),
      value: ignored,
    }),
  )
  .min(1);
