/** The body of a request: JSON, and for evidence a form of several parts. */
import { type Incoming, header } from '../common/exchange.js';
import { refused } from './errors.js';
import { readForm } from './multipart.js';

/** Empty for a GET or a DELETE, and for a capture or a refund without one. */
export function readBody(incoming: Incoming): Record<string, unknown> {
  if (incoming.method !== 'POST' && incoming.method !== 'PATCH') return {};
  const isForm = incoming.path.endsWith('/provide-evidence');
  const type = header(incoming, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== (isForm ? 'multipart/form-data' : 'application/json'))
    throw refused('UNSUPPORTED_CONTENT_TYPE', { field: 'Content-Type', location: 'header' });
  if (isForm) return readEvidence(incoming);
  if (incoming.body.trim() === '') return {};
  return parsed(incoming.body);
}

/** The part "input" is the JSON; the others are files, of which the names are kept. */
function readEvidence(incoming: Incoming): Record<string, unknown> {
  const { input, files } = readForm(incoming, 'input');
  if (input === undefined) throw malformed();
  const body = parsed(input);
  const { evidences } = body;
  if (files.length === 0 || !Array.isArray(evidences)) return body;
  const documents = files.map((name) => ({ name }));
  const [first, ...others] = evidences as object[];
  return { ...body, evidences: [{ ...first, documents }, ...others] };
}

function parsed(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw malformed();
  }
  // A PATCH sends a list, which is an object as well.
  if (typeof body !== 'object' || body === null) throw malformed();
  return body as Record<string, unknown>;
}

function malformed() {
  return refused('MALFORMED_REQUEST_JSON', { field: '/', location: 'body' });
}
