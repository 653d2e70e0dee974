/** The Stripe SDK as we use it: no retries of its own, a total deadline, nothing sent but what we asked for. */
import Stripe from 'stripe';

import type { Account } from '../gateway.js';

export function stripeFor({ secret, apiBase, deadlineMs }: Account): Stripe {
  const base = apiBase === undefined ? undefined : new URL(apiBase);
  return new Stripe(secret, {
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: deadlineMs,
    httpClient: Stripe.createFetchHttpClient(fetchWithin(deadlineMs)),
    ...(base && {
      host: base.hostname,
      port: base.port || (base.protocol === 'https:' ? 443 : 80),
      protocol: base.protocol === 'https:' ? 'https' : 'http',
    }),
  });
}

/**
 * A deadline over the whole exchange, body included: the SDK's own timeout only measures silence. And through fetch
 * the SDK does not recognise a reset connection, which it would answer by sending the request a second time.
 */
function fetchWithin(deadlineMs: number): typeof fetch {
  return (input, init) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    // A redirect followed would be a request that nobody asked for, perhaps with the money in it.
    return fetch(input, { ...init, signal, redirect: 'error' });
  };
}
