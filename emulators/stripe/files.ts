/** Files: what a merchant uploads as evidence. Their content is not kept. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import type { Call } from './call.js';
import { invalidRequest, noSuch } from './errors.js';
import { expand, ignored, integer, read, text } from './params.js';

export function createFile({ account, params }: Call): Stripe.File {
  const { file, purpose } = read(created, params);
  const type = TYPES.get(file.type);
  if (type === undefined)
    throw invalidRequest(`Files of type ${file.type} cannot be uploaded.`, undefined, 'file');
  if (file.size > MOST_BYTES)
    throw invalidRequest(`The file is larger than ${MOST_BYTES} bytes.`, undefined, 'file');
  if (file.size < 1) throw invalidRequest('The file is empty.', undefined, 'file');
  const uploaded = {
    id: newId('file'),
    object: 'file',
    created: account.clock.seconds(),
    expires_at: null,
    filename: file.filename,
    links: null,
    purpose,
    size: file.size,
    title: null,
    type,
    url: null,
  } satisfies Stripe.File;
  account.files.put(uploaded.id, uploaded);
  return uploaded;
}

export function retrieveFile({ account, ids, params }: Call): Stripe.File {
  read(z.strictObject({ expand }), params);
  return fileOf(account, ids['id']!);
}

export function fileOf(account: Account, id: string, param?: string): Stripe.File {
  const file = account.files.get(id);
  if (!file) throw noSuch('file upload', id, param ?? 'id', param ? 400 : 404);
  return file;
}

/** Banks read no others. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
]);

const MOST_BYTES = 5_000_000;

const created = z.strictObject({
  file: z.strictObject({ filename: text, type: text, size: integer, sha256: text }),
  purpose: z.literal('dispute_evidence'),
  expand,
  file_link_data: ignored,
});
