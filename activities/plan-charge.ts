/** Planning: the next charge of a round, written with its frozen request before anything is sent. */
import type { ChargeStatus, Plan } from '../domain/charge.js';
import { isOpen } from '../domain/charge.js';
import type { Decline } from '../domain/decline.js';
import { DomainError } from '../domain/errors.js';
import type { RenewalId } from '../domain/ids.js';
import { money } from '../domain/money.js';
import { OWNED_STATUS, type Owner, type RenewalStatus } from '../domain/renewal.js';
import { type Candidate, listCandidates } from '../prisma/candidate.js';
import type { Charge } from '../prisma/charge.js';
import { insertPlanned, listCharges, readCharge, ticketFor } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { type Renewal, cancelRenewal, lockRenewal } from '../prisma/renewal.js';
import type { Deps } from './deps.js';

interface Planning {
  readonly renewalId: RenewalId;
  readonly owner: Owner;
  readonly round: string;
}

export function planCharge(deps: Deps, { renewalId, owner, round }: Planning): Promise<Plan> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    if (renewal.status !== OWNED_STATUS[owner])
      return { kind: 'not_owed', status: renewal.status as RenewalStatus };
    const charges = await listCharges(tx, renewal.id);
    const open = charges.some(({ status }) => isOpen(status as ChargeStatus));
    if (renewal.cancelRequestedAt && !open) {
      await cancelRenewal(tx, renewal, now);
      return { kind: 'not_owed', status: 'canceled' };
    }
    return planNext(deps, tx, renewal, charges, round, now);
  });
}

/** Under the renewal's lock: the charge under way, else the next candidate not yet in this round, else nobody. */
export async function planNext(
  deps: Deps,
  tx: Tx,
  renewal: Renewal,
  charges: readonly Charge[],
  round: string,
  now: Date,
): Promise<Plan> {
  const underWay = charges.find(
    ({ status }) => status === 'planned' || isOpen(status as ChargeStatus),
  );
  if (underWay) {
    const { account } = await readCharge(tx, underWay.id);
    return { kind: 'charge', charge: ticketFor(underWay, account, deps.tempo.chargeTimeoutMs) };
  }
  const candidates = await listCandidates(tx, renewal.id);
  if (candidates.length === 0) return { kind: 'no_payment_method' };
  const ofRound = charges.filter((charge) => charge.round === round);
  const used = new Set(ofRound.map((charge) => charge.candidate));
  const candidate = candidates.find(({ key }) => !used.has(key));
  if (!candidate) return nobodyLeft(ofRound);

  const continues = await livingObject(tx, charges, candidate);
  const request = compose(deps, renewal, candidate, continues);
  // What its gateway cannot be asked for, such as an amount, is a person's task; the renewal exists all the same.
  if (request instanceof DomainError) return { kind: 'nobody_left', parked: request.message };
  const planned = await insertPlanned(tx, {
    renewal,
    candidate,
    round,
    ordinal: charges.length + 1,
    request: request as never,
    continues,
    now,
  });
  const account = { lane: candidate.lane, name: candidate.accountName };
  return { kind: 'charge', charge: ticketFor(planned, account, deps.tempo.chargeTimeoutMs) };
}

function nobodyLeft(ofRound: readonly Charge[]): Plan {
  const last = ofRound.at(-1);
  if (last?.parks) return { kind: 'nobody_left', parked: last.reason ?? '' };
  const declined = ofRound.findLast(({ status }) => status === 'declined');
  if (!declined) return { kind: 'nobody_left' };
  return { kind: 'nobody_left', decline: declined.decline as unknown as Decline };
}

function compose(
  deps: Deps,
  renewal: Renewal,
  candidate: Candidate,
  continues: string | undefined,
): object | DomainError {
  try {
    return deps.gateways(candidate.gateway).compose({
      merchantId: renewal.merchantId,
      renewalId: renewal.id,
      amount: money(Number(renewal.amountMinor), renewal.currency),
      description: renewal.description ?? undefined,
      customer: candidate.customer,
      method: candidate.method,
      kind: candidate.kind,
      continues,
    });
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/**
 * The gateway's object that earlier charges used on this account, unless it was released, its success was reversed, or
 * it belongs to another of the gateway's customers: then it is released before a new one is made.
 */
async function livingObject(
  tx: Tx,
  charges: readonly Charge[],
  { gatewayAccountId, customer }: Candidate,
): Promise<string | undefined> {
  const last = charges.findLast(
    (charge) => charge.gatewayAccountId === gatewayAccountId && charge.gatewayReference,
  );
  if (!last || last.releasedAt || last.reversedAt) return undefined;
  const method = await tx.paymentMethod.findUniqueOrThrow({ where: { id: last.paymentMethodId } });
  if (method.gatewayCustomerReference !== customer) return undefined;
  return last.gatewayReference ?? undefined;
}
