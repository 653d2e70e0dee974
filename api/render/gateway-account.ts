import type { z } from 'zod';

import type { GatewayAccount } from '../../prisma/gateway-account.js';
import type { gatewayAccount } from '../schemas/gateway-account.js';

type Shown = z.infer<typeof gatewayAccount>;

export function renderGatewayAccount(row: GatewayAccount): Shown {
  return {
    id: row.id,
    name: row.name,
    gateway: row.gateway,
    mode: row.mode as Shown['mode'],
    secret_ref: row.secretRef,
    webhook_secret_refs: row.webhookSecretRefs,
    api_base: row.apiBase,
    lane: row.lane,
    state: row.state as Shown['state'],
    sends_per_second: row.sendsPerSecond,
    debit_notice_days: row.debitNoticeDays,
    quiet_until: row.quietUntil?.toISOString() ?? null,
    webhook_url: `/webhooks/${row.gateway}/${row.id}`,
    created_at: row.createdAt.toISOString(),
  };
}
