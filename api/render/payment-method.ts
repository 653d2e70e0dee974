import type { z } from 'zod';

import type { PaymentMethodWithGateway } from '../../prisma/payment-method.js';
import type { paymentMethod } from '../schemas/payment-method.js';

/** The gateway's token stays inside. */
export function renderPaymentMethod(row: PaymentMethodWithGateway): z.infer<typeof paymentMethod> {
  return {
    id: row.id,
    customer: row.customerId,
    gateway: row.gateway,
    gateway_account: { id: row.gatewayAccountId, name: row.accountName },
    kind: row.kind,
    instrument: row.instrument,
    display: row.display,
    default: row.isDefault,
    created_at: row.createdAt.toISOString(),
    disabled_at: row.disabledAt?.toISOString() ?? null,
  };
}
