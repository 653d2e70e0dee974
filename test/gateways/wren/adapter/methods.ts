/** Payment methods: a token from Wren's own page becomes chargeable. */
import { z } from 'zod';

import type { Account, AttachRequest, Attached } from '../../../../gateways/gateway.js';
import type { Setup, SetupRequest } from '../../../../gateways/gateway.js';
import { goodIn } from './answers.js';
import { type Said, callWren } from './call.js';

const named = { id: z.string(), customer: z.string() };
const methodSchema = z.object({ ...named, kind: z.string(), label: z.string() });
const setupSchema = z.object({ ...named, url: z.string() });

/** Wren makes a customer where none is named. Its tokens are nobody's before. */
export async function attachMethod(account: Account, request: AttachRequest): Promise<Attached> {
  const body = { token: request.token, customer: request.customer };
  const said = await callWren(account, 'POST', '/methods', `${request.key}:attach`, body);
  const made = goodIn(said, methodSchema);
  if (!made) return failed(said);
  const { id: reference, customer, kind: methodKind, label: display } = made;
  return { kind: 'attached', customer, reference, methodKind, display, fingerprint: undefined };
}

export async function createSetup(account: Account, request: SetupRequest): Promise<Setup> {
  const { customer, returnUrl, cancelUrl, key } = request;
  const body = { customer, return_url: returnUrl, cancel_url: cancelUrl };
  const said = await callWren(account, 'POST', '/setups', `${key}:setup`, body);
  const made = goodIn(said, setupSchema);
  if (!made) return failed(said);
  return { kind: 'ready', reference: made.id, customer: made.customer, url: made.url };
}

/** Refused is what the payer can do something about; all else may be tried again. */
function failed(said: Said): Exclude<Attached, { kind: 'attached' }> {
  const isRefused = said.kind === 'answered' && said.code === 'token_refused';
  return { kind: isRefused ? 'refused' : 'unavailable', why: said.why };
}
