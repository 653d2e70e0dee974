/** The card guard: a request with a card number in it goes no further, and the number with it nowhere. */
import type { RequestHandler } from 'express';

import { containsCardNumber, findCardNumber } from '../domain/card-number.js';
import { searchable } from './body.js';
import { type Problem, invalidFields } from './problem.js';
import { decoded } from './request-log.js';

/** What can be seen before the body is read: path, query and the headers that are stored or logged. */
export const guardAddress: RequestHandler = (req, _res, next) => {
  if (containsCardNumber(decoded(req.path))) throw cardNumberIn('path');
  const inQuery = findCardNumber({ ...req.query });
  if (inQuery !== undefined) throw cardNumberIn(fieldAt(inQuery));
  if (containsCardNumber(req.get('idempotency-key') ?? '')) throw cardNumberIn('Idempotency-Key');
  next();
};

export const guardBody: RequestHandler = (req, _res, next) => {
  const inBody = findCardNumber(searchable(req));
  if (inBody !== undefined) throw cardNumberIn(fieldAt(inBody));
  next();
};

function fieldAt(path: string): string {
  return path.replace(/^\$\.?/, '').slice(0, 100) || 'body';
}

function cardNumberIn(field: string): Problem {
  const message = 'looks like a card number: Dunlin takes tokens of a gateway, never card data';
  return invalidFields('card_number', [{ field, message }]);
}
