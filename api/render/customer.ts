import type { z } from 'zod';

import type { Customer } from '../../prisma/customer.js';
import type { customer } from '../schemas/customer.js';

export function renderCustomer(row: Customer): z.infer<typeof customer> {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    country: row.country,
    locale: row.locale,
    time_zone: row.timeZone,
    metadata: row.metadata as Record<string, string>,
    created_at: row.createdAt.toISOString(),
  };
}
