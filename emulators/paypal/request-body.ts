/** The body of a request: JSON, and nothing else. */
import { type Incoming, header } from '../common/exchange.js';
import { refused } from './errors.js';

/** Empty for a GET or a DELETE, and for a capture or a refund without one. */
export function readBody(incoming: Incoming): Record<string, unknown> {
  if (incoming.method !== 'POST' && incoming.method !== 'PATCH') return {};
  const type = header(incoming, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw refused('UNSUPPORTED_CONTENT_TYPE', { field: 'Content-Type', location: 'header' });
  if (incoming.body.trim() === '') return {};
  const body = parsed(incoming.body);
  // A PATCH sends a list, which is an object as well.
  if (typeof body !== 'object' || body === null) throw malformed();
  return body as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

function malformed() {
  return refused('MALFORMED_REQUEST_JSON', { field: '/', location: 'body' });
}
