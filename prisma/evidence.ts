/** The evidence of a dispute: put once, sent once. Only here is it read whole. */
import type { EvidenceState } from '../domain/dispute.js';
import type { Tx } from './client.js';
import type { Prisma } from './generated/client.js';

/** As the row keeps it. */
export interface StoredEvidence {
  /** Counts what was put: another after one that was refused is another request. */
  readonly number: number;
  readonly text: string;
  readonly files: readonly StoredFile[];
  /** ISO instant. */
  readonly putAt: string;
  /** The name of an API key. */
  readonly putBy: string;
  /** Why the gateway did not take it: then other evidence can be put. */
  readonly refused?: string;
}

export interface StoredFile {
  readonly name: string;
  readonly contentType: string;
  /** Its size, in bytes. */
  readonly size: number;
  /** Base64. */
  readonly data: string;
}

export async function readEvidence(tx: Tx, id: string): Promise<StoredEvidence | undefined> {
  const row = await tx.dispute.findUniqueOrThrow({ where: { id }, select: { evidence: true } });
  return (row.evidence ?? undefined) as unknown as StoredEvidence | undefined;
}

export async function storeEvidence(tx: Tx, id: string, evidence: StoredEvidence): Promise<void> {
  const data = { evidence: evidence as unknown as Prisma.InputJsonObject };
  await tx.dispute.update({ where: { id }, data, select: { id: true } });
}

/** The evidence of that number is in. False: it was known. */
export async function markEvidenceSent(tx: Tx, id: string, now: Date): Promise<boolean> {
  const { count } = await tx.dispute.updateMany({
    where: { id, evidenceSentAt: null },
    data: { evidenceSentAt: now },
  });
  return count === 1;
}

/** False: it was known. */
export async function markEvidenceRefused(
  tx: Tx,
  id: string,
  number: number,
  why: string,
): Promise<boolean> {
  const count = await tx.$executeRaw`
    update dispute set evidence = evidence || jsonb_build_object('refused', ${why.slice(0, 500)}::text)
    where id = ${id} and evidence_sent_at is null and (evidence->>'number')::int = ${number}
      and evidence->>'refused' is null`;
  return count === 1;
}

/** What can be said about evidence without its bytes. */
export type EvidenceSummary = Omit<StoredEvidence, 'text' | 'files'> & {
  readonly textLength: number;
  readonly files: readonly Omit<StoredFile, 'data'>[];
};

export async function summarizeEvidence(
  tx: Tx,
  ids: readonly string[],
): Promise<Map<string, EvidenceSummary>> {
  const rows = await tx.$queryRaw<{ id: string; summary: EvidenceSummary }[]>`
    select id, (evidence - 'text' - 'files') || jsonb_build_object(
      'textLength', length(evidence->>'text'),
      'files', coalesce((
        select jsonb_agg(file - 'data' order by at)
        from jsonb_array_elements(evidence->'files') with ordinality as given (file, at)), '[]')
    ) as summary
    from dispute where id = any(${[...ids]}) and evidence is not null`;
  return new Map(rows.map(({ id, summary }) => [id, summary]));
}

export async function evidenceStateOf(
  tx: Tx,
  { id, evidenceSentAt }: { readonly id: string; readonly evidenceSentAt: Date | null },
): Promise<EvidenceState> {
  if (evidenceSentAt) return 'sent';
  const rows = await tx.$queryRaw<{ state: EvidenceState }[]>`
    select case when evidence is null then 'none' when evidence->>'refused' is null then 'given'
      else 'refused' end as state from dispute where id = ${id}`;
  return rows[0]?.state ?? 'none';
}
