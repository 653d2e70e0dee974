/** The gateways, by the name that gateway accounts use. A new vendor is a folder and a line here. */
import { DomainError } from '../domain/errors.js';
import type { Gateway } from './gateway.js';
import { paypal } from './paypal/index.js';
import { stripe } from './stripe/index.js';

const GATEWAYS: Readonly<Record<string, Gateway>> = { stripe, paypal };

export function gatewayNamed(name: string): Gateway {
  const gateway = GATEWAYS[name];
  if (gateway) return gateway;
  throw new DomainError(
    'invalid',
    'unknown_gateway',
    `There is no gateway called ${name}`,
    'gateway',
  );
}

export function gatewayNames(): [string, ...string[]] {
  return Object.keys(GATEWAYS) as [string, ...string[]];
}

/** How long each gateway's idempotency keys may be re-sent, in milliseconds. */
export function keyLives(): Record<string, number> {
  return Object.fromEntries(
    Object.entries(GATEWAYS).map(([name, { keyLifeMs }]) => [name, keyLifeMs]),
  );
}
