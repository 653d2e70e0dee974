/** What a case tells its customer: nobody is promised another try that will not come. */
import { willRetry } from '../domain/dunning.js';
import type { NoticeKind } from '../domain/notice.js';
import { readCaseState } from '../prisma/case-state.js';
import type { Tx } from '../prisma/client.js';
import type { DunningCase } from '../prisma/dunning-case.js';
import { planNotice } from '../prisma/notice.js';
import type { Renewal } from '../prisma/renewal.js';

/** `step` tells this from what else the case tells. */
export async function tellOfCase(
  tx: Tx,
  renewal: Renewal,
  open: DunningCase,
  { kind, step }: { readonly kind: NoticeKind | undefined; readonly step: string },
  now: Date,
): Promise<void> {
  if (!kind) return;
  const misleads = kind === 'payment_failed' && !(await isTriedAgain(tx, renewal, open, now));
  const given = misleads ? 'new_method_needed' : kind;
  await planNotice(tx, renewal, { kind: given, subject: open.id, step }, now);
}

async function isTriedAgain(tx: Tx, renewal: Renewal, open: DunningCase, now: Date) {
  const { policy, state } = await readCaseState(tx, renewal, open, now);
  return willRetry(policy, state);
}
