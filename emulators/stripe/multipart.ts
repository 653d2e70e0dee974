/**
 * multipart/form-data as Stripe's file upload reads it. Of a file only its name, type, size and digest are kept:
 * nobody looks into it here.
 */
import { createHash } from 'node:crypto';

import { invalidRequest } from './errors.js';
import type { Form } from './form.js';

/** Undefined for any other content. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  return /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1];
}

/** `bytes`: how long the body was before it was read as text, which a file's content does not survive. */
export function parseMultipart(body: string, boundary: string, bytes: number): Form {
  const parts = body.split(`--${boundary}`).slice(1, -1).map(readPart);
  const form = Object.create(null) as Form;
  for (const { name, filename, type, content } of parts) {
    const size = bytes - Buffer.byteLength(body) + Buffer.byteLength(content);
    const digest = createHash('sha256').update(content).digest('hex');
    form[name] =
      filename === undefined ? content : { filename, type, size: String(size), sha256: digest };
  }
  return form;
}

interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  readonly content: string;
}

function readPart(text: string): Part {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  const name = / name="([^"]*)"/.exec(head)?.[1];
  if (end === -1 || name === undefined) throw invalidRequest('Invalid multipart body.');
  return {
    name,
    filename: / filename="([^"]*)"/.exec(head)?.[1],
    type: /^content-type: *(\S+)/im.exec(head)?.[1] ?? 'application/octet-stream',
    content: text.slice(end + 4).replace(/\r\n$/, ''),
  };
}
