/** Wren behind the gateway port. A gateway that does not exist: the example of docs/adding-a-gateway.md. */
import type { Account, Answer, FrozenCharge, Gateway } from '../../../../gateways/gateway.js';
import type { LookUp, Page, PageAddresses, Released } from '../../../../gateways/gateway.js';
import { chargeIn, failureOf, readCharge, unknown } from './answers.js';
import { type Said, callWren } from './call.js';
import { attachMethod, createSetup } from './methods.js';
import { composePageRequest, composeRequest, readRequest } from './request.js';
import { readWebhook } from './webhook.js';

export const wren: Gateway = {
  kinds: ['card'],
  modeOf: () => undefined,
  afterItsKey: 'That it does not show two hours after its key has died is proof.',
  namedByHand: (reference) => ({ reference, chargeReference: reference }),
  // Wren keeps a key for 24 hours. By the hour less, absence is proof in time.
  keyLifeMs: 23 * 3_600_000,
  compose: composeRequest,
  // Each charge makes an object of its own: there is nothing to look at before.
  prepare: () => Promise.resolve({ kind: 'ready', baseline: undefined }),
  submit,
  lookUp,
  composePage: composePageRequest,
  openPage,
  // Wren takes the money as the customer approves: nothing is left for us to do but to look.
  completePage: lookUp,
  release,
  readWebhook,
  attachMethod,
  createSetup,
};

async function submit(account: Account, charge: FrozenCharge): Promise<Answer> {
  const body = readRequest(charge.request);
  if (!body.method) return unknown('Only the customer sends this payment: it is looked up');
  const said = await callWren(account, 'POST', '/charges', charge.id, body);
  const made = chargeIn(said);
  return made ? readCharge(made, charge) : failureOf(said);
}

/** Wren finds by our own id, at once. Absent is what Wren says is absent: any other 404 says nothing. */
async function lookUp(account: Account, charge: FrozenCharge): Promise<LookUp> {
  const said = await callWren(account, 'GET', `/charges/${charge.id}`);
  const found = chargeIn(said);
  if (found) return readCharge(found, charge);
  return isAbsent(said) ? { kind: 'absent' } : unknown(said.why);
}

function isAbsent(said: Said): boolean {
  return said.kind === 'answered' && said.code === 'no_such_charge';
}

async function openPage(account: Account, charge: FrozenCharge, to: PageAddresses): Promise<Page> {
  // Looked for first: a repeated creation answers how the object was then, not what became of it.
  const found = await callWren(account, 'GET', `/charges/${charge.id}`);
  if (!isAbsent(found)) return pageIn(found);
  const page = { return_url: to.returnUrl, cancel_url: to.cancelUrl };
  const body = { ...readRequest(charge.request), page };
  return pageIn(await callWren(account, 'POST', '/charges', `${charge.id}:create`, body));
}

function pageIn(said: Said): Page {
  const made = chargeIn(said);
  if (made?.status === 'open') return { kind: 'ready', reference: made.id, url: made.url };
  if (made && DEAD.has(made.status)) return { kind: 'gone', why: `${made.id} is ${made.status}` };
  const answer = failureOf(said);
  if (made?.status === 'succeeded' || answer.kind === 'duplicate') return { kind: 'duplicate' };
  const isRefused = answer.kind === 'refused' && answer.attention;
  return { kind: isRefused ? 'refused' : 'unavailable', why: made?.status ?? said.why };
}

/** Withdraws what is open, and says how it stands then. What was never made, nobody can pay. */
async function release(account: Account, { id }: FrozenCharge, attempt: number): Promise<Released> {
  const said = await callWren(account, 'POST', `/charges/${id}/cancel`, `${id}:release:${attempt}`);
  if (isAbsent(said)) return { kind: 'released' };
  const now = chargeIn(said);
  if (now) return { kind: DEAD.has(now.status) ? 'released' : 'still_open' };
  return { kind: 'unavailable', why: said.why };
}

const DEAD: ReadonlySet<string> = new Set(['declined', 'canceled']);
