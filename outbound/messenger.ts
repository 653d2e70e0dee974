/** The messenger: carries an event to an endpoint, signed, in one try. */
import type { SendOutcome } from '../domain/delivery.js';
import type { Send } from './sender.js';
import { urlFault } from './address.js';
import { endpointSecret, signedHeaders } from './signature.js';

export interface Messenger {
  /** Never throws: whatever goes wrong is an outcome. */
  carry(message: EventMessage): Promise<SendOutcome>;
  /** What the app verifies with. */
  secretOf(endpointId: string, version: number): string;
  /** Why an endpoint cannot have this url; undefined if it can. */
  urlFault(url: string, mode: 'test' | 'live'): string | undefined;
}

interface EventMessage {
  readonly endpointId: string;
  readonly url: string;
  readonly mode: 'test' | 'live';
  readonly secretVersion: number;
  /** Until then the secret before this one signs too. */
  readonly previousUntil: Date | null;
  /** The same for every try and every endpoint. */
  readonly eventId: string;
  readonly body: string;
}

interface MessengerOptions {
  readonly send: Send;
  readonly signingKey: string | undefined;
  readonly privateTargets: boolean;
}

export function createMessenger({ send, signingKey, privateTargets }: MessengerOptions): Messenger {
  function secretOf(endpointId: string, version: number): string {
    if (!signingKey) throw new Error('SIGNING_KEY is not set: nothing can be signed');
    return endpointSecret(signingKey, endpointId, version);
  }

  return {
    secretOf,
    urlFault: (url, mode) => urlFault({ url, mode, privateTargets }),
    carry({ endpointId, url, mode, secretVersion, previousUntil, eventId, body }) {
      const now = new Date();
      const rolls = previousUntil !== null && previousUntil > now && secretVersion > 1;
      const versions = rolls ? [secretVersion, secretVersion - 1] : [secretVersion];
      const secrets = versions.map((version) => secretOf(endpointId, version));
      const headers = signedHeaders(secrets, { id: eventId, body }, now);
      return send({ url, mode, privateTargets, headers, body });
    },
  };
}
