/** What goes wrong: at both gateways on every path, and on the way of their webhooks. */
import type { EmulatedGateway } from '../support/gateways.js';

const BEYOND_THE_DEADLINE_MS = 2_500;

/** Each strikes as often as the next. A stored 500 is kept under its key, and no re-send of the charge gets past it. */
const KINDS = [
  { fault: 'delay', delay_ms: BEYOND_THE_DEADLINE_MS, effect: 'before' },
  { fault: 'delay', delay_ms: BEYOND_THE_DEADLINE_MS, effect: 'after' },
  { fault: 'reset_before' },
  { fault: 'reset_after' },
  { fault: 'error_before' },
  { fault: 'error_before', stored: true },
  { fault: 'error_after' },
  { fault: 'truncate' },
  { fault: 'rate_limit', retry_after: 1 },
] as const;

/** So many of all requests are struck. An emulator throws for one kind after the other, hence the growing odds. */
export async function orderFaults({ emulator }: EmulatedGateway, share: number): Promise<void> {
  const each = share / KINDS.length;
  for (const [n, kind] of KINDS.entries()) {
    const probability = each / (1 - n * each);
    await emulator.call('POST', 'faults', { ...kind, probability });
  }
}

/** Most webhooks come late, twice or in the wrong order, and some never. */
const MODES = ['duplicate', 'duplicate', 'reverse', 'hold', 'deliver', 'drop'] as const;

/** Webhooks as the dice want them until the next call. What was kept back is sent, newest first if so chosen. */
export async function shuffleWebhooks(
  gateways: readonly EmulatedGateway[],
  dice: () => number,
): Promise<void> {
  for (const { emulator } of gateways) {
    await emulator.flush();
    await emulator.webhooks(MODES[Math.floor(dice() * MODES.length)]!);
  }
}

export async function heal(gateways: readonly EmulatedGateway[]): Promise<void> {
  for (const { emulator } of gateways) {
    await emulator.heal();
    await emulator.webhooks('deliver');
    await emulator.flush();
  }
}
