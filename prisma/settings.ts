/** Settings: what a merchant has decided once for all. */
import type { NoticeKind } from '../domain/notice.js';
import type { Tx } from './client.js';
import type { Prisma } from './generated/client.js';
import { lockRow } from './lock-row.js';

export interface Settings {
  /** Minor units by currency: a refund of more waits for a second key. A currency that is not named has no limit. */
  readonly refundApprovalAbove: Readonly<Record<string, number>>;
  /** Money that nobody owed when it arrived: held for a person to decide, or given back at once. */
  readonly surplus: 'hold' | 'refund';
  /** What becomes of a subscription when a payment of it is disputed. */
  readonly onDispute: 'keep' | 'pause' | 'cancel';
  /** How customers are written to; null: they are not. */
  readonly notices: NoticeSettings | null;
}

export interface NoticeSettings {
  /** The address that notices come from. */
  readonly from: string;
  readonly replyTo: string | null;
  /** The name that customers know. */
  readonly brand: string;
  /** What customers are told; of everything else they hear nothing. */
  readonly kinds: readonly NoticeKind[];
  /** How many days before a period begins its renewal is announced. */
  readonly upcomingDays: number;
}

const DEFAULTS: Settings = {
  refundApprovalAbove: {},
  surplus: 'hold',
  onDispute: 'keep',
  notices: null,
};

export async function readSettings(tx: Tx, merchantId: string): Promise<Settings> {
  const { settings } = await tx.merchant.findUniqueOrThrow({ where: { id: merchantId } });
  return { ...DEFAULTS, ...(settings as Partial<Settings>) };
}

/** What is not named stays as it is. Answers the settings before and after. */
export async function changeSettings(
  tx: Tx,
  merchantId: string,
  changes: Partial<Settings>,
): Promise<{ readonly before: Settings; readonly after: Settings }> {
  await lockRow(tx, 'merchant', merchantId);
  const before = await readSettings(tx, merchantId);
  const after = { ...before, ...changes };
  const data = { settings: after as unknown as Prisma.InputJsonObject };
  await tx.merchant.update({ where: { id: merchantId }, data });
  return { before, after };
}
