/** Commands: what an operator asks of a run, sent once, with the API key's name and the reason given. */
import { DomainError } from '../domain/errors.js';
import type { CommandId } from '../domain/ids.js';
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

/** Sent before it is noted: its id comes from the Idempotency-Key, and Temporal takes an id only once. */
export async function giveCommand(
  request: Pick<ApiRequest, 'api' | 'caller' | 'keyed' | 'log'>,
  asked: AskedCommand,
  findAddressee: (api: ApiDeps) => Promise<Addressee>,
): Promise<Answer> {
  const earlier = await findEarlier(request);
  if (earlier) return earlier;
  const { api, caller, keyed } = request;
  const { renewalId, workflowId, location } = await findAddressee(api);
  const id = commandIdOf(keyed);
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
  return keyed
    ? write(request, () => Promise.resolve({ status: 202, body, location }))
    : { status: 202, body, headers: { Location: location } };
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
