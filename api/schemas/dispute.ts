import { z } from 'zod';

import {
  idOf,
  needsAttention,
  pageOf,
  shownAccount,
  shownInstant,
  text,
  words,
  workflow,
} from './common.js';

export const DISPUTE_STATUSES = [
  'needs_response',
  'under_review',
  'won',
  'lost',
  'closed',
] as const;

const MEGABYTE = 1024 * 1024;

/** How a file of each kind begins. */
const BEGINNINGS = {
  'application/pdf': Buffer.from('%PDF'),
  'image/png': Buffer.from([0x89, 0x50, 0x4e, 0x47]),
  'image/jpeg': Buffer.from([0xff, 0xd8, 0xff]),
} as const;
const CONTENT_TYPES = ['application/pdf', 'image/png', 'image/jpeg'] as const;

const newFile = z
  .strictObject({
    name: text(100).meta({ example: 'invoice.pdf' }),
    content_type: z.enum(CONTENT_TYPES),
    data: z
      .string()
      .min(4)
      .refine(isBase64, { error: 'must be base64' })
      .refine((data) => sizeOf(data) <= MEGABYTE, { error: 'is larger than one megabyte' })
      .meta({ description: 'The file, in base64', example: 'JVBERi0xLjQK' }),
  })
  .refine(beginsRight, { path: ['data'], error: 'is not a file of that content_type' });

export const newEvidence = z.strictObject({
  text: words(20_000).meta({
    description: 'Why the charge was right, in words for the bank',
    example: 'The customer used the service every day of the disputed month.',
  }),
  files: z
    .array(newFile)
    .max(4, { error: 'has more than 4 files' })
    .refine((files) => files.reduce((sum, { data }) => sum + sizeOf(data), 0) <= 2 * MEGABYTE, {
      error: 'is larger than two megabytes in total',
    })
    .default([]),
});

/** Bytes of what the base64 stands for. */
export function sizeOf(data: string): number {
  return Buffer.byteLength(data, 'base64');
}

function isBase64(data: string): boolean {
  return data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
}

function beginsRight({
  content_type: type,
  data,
}: {
  content_type: keyof typeof BEGINNINGS;
  data: string;
}): boolean {
  return Buffer.from(data.slice(0, 8), 'base64').indexOf(BEGINNINGS[type]) === 0;
}

const evidence = z
  .object({
    text_length: z.int().meta({ description: 'Characters' }),
    files: z.array(
      z.object({
        name: z.string(),
        content_type: z.string(),
        size: z.int().meta({ description: 'Bytes' }),
      }),
    ),
    put_at: shownInstant,
    put_by: z.string().meta({ description: 'The name of the API key' }),
    sent_at: shownInstant.nullable().meta({ description: 'When the gateway took it' }),
    refused: z
      .string()
      .nullable()
      .meta({ description: 'Why the gateway did not take it. Other evidence can be put then' }),
  })
  .meta({ description: 'What was put; its words and files are never shown again' });

export const dispute = z
  .object({
    id: idOf('dis'),
    charge: idOf('chg'),
    renewal: idOf('rnw'),
    subscription: idOf('sub'),
    gateway_account: shownAccount,
    gateway_reference: z.string(),
    status: z.enum(DISPUTE_STATUSES),
    inquiry: z.boolean().meta({ description: 'Only a question: no money has moved' }),
    reason: z.string().meta({ description: "The gateway's word", example: 'fraudulent' }),
    amount_minor: z.int(),
    currency: z.string(),
    respond_by: shownInstant.nullable().meta({ description: 'Until when evidence is taken' }),
    withdrawn_at: shownInstant.nullable(),
    reinstated_at: shownInstant.nullable(),
    evidence: evidence.nullable(),
    needs_attention: needsAttention.nullable(),
    opened_at: shownInstant,
    closed_at: shownInstant.nullable(),
    workflow,
  })
  .meta({ id: 'Dispute' });

export const disputeQuery = z.strictObject({
  ...pageOf('dis'),
  status: z.enum(DISPUTE_STATUSES).optional(),
  charge: idOf('chg').optional(),
  renewal: idOf('rnw').optional(),
  subscription: idOf('sub').optional(),
});
