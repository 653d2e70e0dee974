/** Commands: what an operator asks of a run, sent once, with the API key's name and the reason given. */
import { DomainError } from '../domain/errors.js';
import type { CommandId } from '../domain/ids.js';
import { noteAsked } from '../prisma/audit.js';
import type { Renewal } from '../prisma/renewal.js';
import type { Launch } from '../temporal/launch.js';
import type { ApiDeps } from './deps.js';
import { commandIdOf } from './idempotency.js';
import { renderWorkflow } from './render/renewal.js';
import type { Answer, ApiRequest } from './route.js';
import { findEarlier, write } from './write.js';

interface Addressee {
  readonly renewalId: string;
  readonly workflowId: string;
  /** What the command is about, as the audit trail names it. */
  readonly object: string;
  readonly location: string;
}

export type AskedCommand = { readonly reason: string } & (
  | { readonly kind: 'retry' | 'write_off' }
  | { readonly kind: 'hold'; readonly until: string }
  | {
      readonly kind: 'resolution';
      readonly chargeId: string;
      readonly outcome: 'succeeded' | 'not_sent';
      readonly reference: string | undefined;
    }
);

type CommandRequest = Pick<
  ApiRequest,
  'action' | 'api' | 'body' | 'caller' | 'keyed' | 'log' | 'merchantId' | 'requestId'
>;

/** Sent before its answer is kept: its id comes from the Idempotency-Key, and Temporal takes an id only once. */
export async function giveCommand(
  request: CommandRequest,
  asked: AskedCommand,
  findAddressee: (api: ApiDeps) => Promise<Addressee>,
): Promise<Answer> {
  const earlier = await findEarlier(request);
  if (earlier) return earlier;
  const { api, caller, keyed } = request;
  const addressee = await findAddressee(api);
  const { renewalId, workflowId, location } = addressee;
  const id = commandIdOf(keyed);
  await note(request, id, addressee);
  await send(api.launch, workflowId, asked, caller.keyName, id);
  const body = {
    id,
    kind: asked.kind,
    renewal: renewalId,
    ...(asked.kind === 'resolution' && { charge: asked.chargeId }),
    actor: caller.keyName,
    reason: asked.reason,
    workflow: renderWorkflow(workflowId, api),
  };
  // The run that takes it audits it, when it records it.
  return keyed
    ? write(request, () => Promise.resolve({ status: 202, body, location, audited: null }))
    : { status: 202, body, headers: { Location: location } };
}

/** So that the run's record of it says which API key it came from. */
function note(
  { api, caller, merchantId, action, requestId, keyed }: CommandRequest,
  id: CommandId,
  { renewalId, object }: Addressee,
): Promise<void> {
  const { keyId, keyName: actor } = caller;
  const idempotencyKey = keyed?.key ?? null;
  const asked = { id, merchantId, renewalId, keyId, actor, action, object, requestId };
  return noteAsked(api.db, { ...asked, idempotencyKey }, new Date());
}

function send(
  launch: Launch,
  workflowId: string,
  asked: AskedCommand,
  actor: string,
  id: CommandId,
): Promise<void> {
  const wish = { actor, reason: asked.reason };
  switch (asked.kind) {
    case 'retry':
      return launch.wish(workflowId, 'retryNow', wish, id);
    case 'write_off':
      return launch.wish(workflowId, 'writeOff', wish, id);
    case 'hold':
      return launch.wish(workflowId, 'holdUntil', { ...wish, until: asked.until }, id);
    case 'resolution': {
      const { chargeId, outcome, reference } = asked;
      const verdict = { ...wish, chargeId, outcome, ...(reference !== undefined && { reference }) };
      return launch.wish(workflowId, 'resolveUnknown', verdict, id);
    }
    default:
      return asked satisfies never;
  }
}

/** A decided renewal has no run that could take a command. */
export function requireOpenRenewal({ status }: Renewal): void {
  if (status === 'collecting' || status === 'past_due') return;
  throw new DomainError('conflict', 'renewal_closed', `The renewal is ${status}`);
}
