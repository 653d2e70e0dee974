/** Commands: what an operator asks of a run, sent once, with the API key's name and the reason given. */
import { DomainError } from '../domain/errors.js';
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

const WISH = { retry: 'retryNow', hold: 'holdUntil', write_off: 'writeOff' } as const;
type CommandKind = keyof typeof WISH;

/** Sent before it is noted: its id comes from the Idempotency-Key, and Temporal takes an id only once. */
export async function giveCommand(
  request: Pick<ApiRequest, 'api' | 'caller' | 'keyed' | 'log'>,
  kind: CommandKind,
  reason: string,
  findAddressee: (api: ApiDeps) => Promise<Addressee>,
  until?: string,
): Promise<Answer> {
  const earlier = await findEarlier(request);
  if (earlier) return earlier;
  const { api, caller, keyed } = request;
  const { renewalId, workflowId, location } = await findAddressee(api);
  const id = commandIdOf(keyed);
  await send(api.launch, workflowId, kind, { actor: caller.keyName, reason }, id, until);
  const shown = { id, kind, renewal: renewalId, actor: caller.keyName, reason };
  const body = { ...shown, workflow: renderWorkflow(workflowId, api) };
  return keyed
    ? write(request, () => Promise.resolve({ status: 202, body, location }))
    : { status: 202, body, headers: { Location: location } };
}

function send(
  launch: Launch,
  workflowId: string,
  kind: CommandKind,
  wish: { readonly actor: string; readonly reason: string },
  id: string,
  until: string | undefined,
): Promise<void> {
  if (until !== undefined) return launch.wish(workflowId, 'holdUntil', { ...wish, until }, id);
  return launch.wish(workflowId, WISH[kind === 'hold' ? 'retry' : kind], wish, id);
}

/** A decided renewal has no run that could take a command. */
export function requireOpenRenewal({ status }: Renewal): void {
  if (status === 'collecting' || status === 'past_due') return;
  throw new DomainError('conflict', 'renewal_closed', `The renewal is ${status}`);
}
