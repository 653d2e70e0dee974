/** Evidence: put on the dispute's row, from where its run hands it in. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { type DisputeView, requireDisputeView } from '../prisma/dispute-view.js';
import {
  type StoredEvidence,
  type StoredFile,
  readEvidence,
  storeEvidence,
} from '../prisma/evidence.js';
import { lockRenewal } from '../prisma/renewal.js';
import { renderDispute } from './render/dispute.js';
import type { Answer, ApiRequest } from './route.js';
import { type newEvidence, sizeOf } from './schemas/dispute.js';
import { write } from './write.js';

type Given = z.output<typeof newEvidence>;

export function putEvidence(request: ApiRequest<{ id: string }, unknown, Given>): Promise<Answer> {
  const { api, merchantId, caller, params, body } = request;
  return write(request, async (tx, now) => {
    const { renewalId } = await requireDisputeView(tx, merchantId, params.id);
    await lockRenewal(tx, renewalId);
    const view = await requireDisputeView(tx, merchantId, params.id);
    const before = await readEvidence(tx, view.id);
    if (before && before.refused === undefined && isSame(before, body))
      return { status: 200, body: renderDispute(view, api), audited: null };

    requireOffered(view, api);
    requireWanted(view, before, now);
    await storeEvidence(tx, view.id, {
      number: (before?.number ?? 0) + 1,
      text: body.text,
      files: body.files.map(toStore),
      putAt: now.toISOString(),
      putBy: caller.keyName,
    });
    const after = await requireDisputeView(tx, merchantId, view.id);
    const dispatches = [await api.wakeDispute(tx, after, now)];
    const shown = renderDispute(after, api);
    const audited = { object: view.id, before: renderDispute(view, api), after: shown };
    return { status: 200, body: shown, dispatches, audited };
  });
}

function toStore({ name, content_type: contentType, data }: Given['files'][number]): StoredFile {
  return { name, contentType, size: sizeOf(data), data };
}

function isSame({ text, files }: StoredEvidence, given: Given): boolean {
  return (
    text === given.text &&
    files.length === given.files.length &&
    given.files.map(toStore).every(({ name, contentType, data }, at) => {
      const file = files[at]!;
      return file.name === name && file.contentType === contentType && file.data === data;
    })
  );
}

function requireOffered({ account }: DisputeView, { gateways }: ApiRequest['api']): void {
  if (gateways(account.gateway).disputing) return;
  const why = `${account.gateway} takes no evidence through its API: hand it in there`;
  throw new DomainError('conflict', 'not_offered', why);
}

function requireWanted(
  { status, respondBy, evidenceSentAt }: DisputeView,
  before: StoredEvidence | undefined,
  now: Date,
): void {
  const refuse = (reason: string, why: string) => new DomainError('conflict', reason, why);
  if (evidenceSentAt) throw refuse('evidence_sent', 'Evidence was handed in already, once for all');
  if (status !== 'needs_response')
    throw refuse('no_evidence_wanted', `The dispute is ${status}: nobody waits for evidence`);
  if (respondBy && respondBy <= now)
    throw refuse('too_late', `Evidence was taken until ${respondBy.toISOString()}`);
  if (before && before.refused === undefined)
    throw refuse('evidence_given', 'Other evidence was put already, and is on its way');
}
