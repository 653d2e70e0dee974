/** Charges: attempts to collect a renewal, and what a person may decide about one whose outcome nobody knows. */
import { type ChargeStatus, isOpen } from '../domain/charge.js';
import { DomainError } from '../domain/errors.js';
import { requireChargeView } from '../prisma/charge-view.js';
import { requireRenewal } from '../prisma/renewal-view.js';
import { giveCommand } from './commands.js';
import { renderCharge } from './render/charge.js';
import { ownerOf } from './render/renewal.js';
import { route } from './route.js';
import { charge, newResolution } from './schemas/charge.js';
import { command } from './schemas/command.js';
import { byId } from './schemas/common.js';

const tag = 'charges';
const params = byId('chg');

export const chargeRoutes = [
  route({
    method: 'get',
    path: '/v1/charges/{id}',
    scope: 'read',
    tag,
    summary: 'Read a charge',
    params,
    answers: { 200: { description: 'The charge', schema: charge } },
    run: async ({ api, merchantId, params: { id } }) => {
      return {
        status: 200,
        body: renderCharge(await requireChargeView(api.db, merchantId, id), api),
      };
    },
  }),
  route({
    method: 'post',
    path: '/v1/charges/{id}/resolution',
    scope: 'operate',
    tag,
    summary: 'Decide a charge whose outcome nobody knows',
    description:
      "For a charge that the gateway's own page shows as taken or as never made, while Dunlin cannot find out. What is " +
      'decided here stands: look there first. Only an open charge (submitted, pending or unknown) can be decided; any ' +
      'other is a 409 with code `charge_not_open`.',
    params,
    body: newResolution,
    answers: { 202: { description: 'The decision was taken', schema: command } },
    run: (request) => {
      const { outcome, reference, reason } = request.body;
      const chargeId = request.params.id;
      const decision = { kind: 'resolution', reason, chargeId, outcome, reference } as const;
      return giveCommand(request, decision, async ({ db }) => {
        const { status, renewalId } = await requireChargeView(db, request.merchantId, chargeId);
        requireOpenCharge(status as ChargeStatus);
        const renewal = await requireRenewal(db, request.merchantId, renewalId);
        const location = `/v1/charges/${chargeId}`;
        return { renewalId, workflowId: ownerOf(renewal), object: chargeId, location };
      });
    },
  }),
];

function requireOpenCharge(status: ChargeStatus): void {
  if (isOpen(status)) return;
  const why = status === 'planned' ? 'nothing of it was sent yet' : 'that is final';
  const message = `The charge is ${status}, and ${why}: only an open one can be decided`;
  throw new DomainError('conflict', 'charge_not_open', message);
}
