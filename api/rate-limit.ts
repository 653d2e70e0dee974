/** Rate limits: generous, per process, and there to keep one caller from starving the others. */
import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';

import { callerOf } from './authenticate.js';
import type { RateLimits } from './deps.js';
import { Problem } from './problem.js';

const GENEROUS: RateLimits = { perKey: 6_000, webhooksPerAddress: 12_000 };

export function limitPerKey({ perKey } = GENEROUS): RequestHandler {
  return rateLimit({
    ...common(perKey),
    keyGenerator: (_req, res) => callerOf(res)!.keyId,
  });
}

/** Webhooks have no key. Their addresses are those of the gateway, or of a proxy in front of us. */
export function limitPerAddress({ webhooksPerAddress } = GENEROUS): RequestHandler {
  return rateLimit({
    ...common(webhooksPerAddress),
    keyGenerator: ({ ip }) => ipKeyGenerator(ip ?? 'unknown'),
  });
}

function common(limit: number) {
  return {
    windowMs: 60_000,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // These checks print to the console; what they warn of is decided by `trustProxy`.
    validate: false,
    handler: () => {
      throw new Problem(429, 'rate_limited', 'Too many requests: slow down');
    },
  } as const;
}
