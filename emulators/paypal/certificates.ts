/**
 * The keys webhooks are signed with, and the certificates that vouch for them: a root of the emulator's own, a leaf
 * in PayPal's name, and for tests of forgery one leaf that has expired and one that hangs on a foreign root.
 */
import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto';

import type { Store } from '../common/store.js';
import { certificate } from './der.js';
import { newId } from './ids.js';

export const LEAVES = ['genuine', 'expired', 'foreign'] as const;
export type Leaf = (typeof LEAVES)[number];

interface Authority {
  readonly name: string;
  /** PEM, as are all below. */
  readonly key: string;
  readonly root: string;
}

interface Chain {
  readonly id: string;
  readonly key: string;
  readonly leaf: string;
  readonly root: string;
}

export interface Certificates {
  /** PEM, for those who verify. */
  root(): string;
  /** The leaf and its root, as PEM. */
  chain(id: string): string | undefined;
  signer(leaf: Leaf): { id: string; key: KeyObject };
  /** The genuine leaf, if the id is its. */
  genuine(id: string): string | undefined;
  /** Puts them back into a store that has been emptied. */
  restore(): void;
}

/** Keys take a while to make: each is made when it is first asked for, and kept. */
export function openCertificates(store: Store): Certificates {
  const authorities = store.table<Authority>('certificate_authorities');
  const chains = store.table<Chain>('certificates');
  const known = new Map<string, Authority | Chain>();

  return {
    root() {
      // Whoever asks is about to receive webhooks: the first of them should not wait for its key.
      chain('genuine');
      return authority(OWN).root;
    },
    chain(id) {
      const found = chains.all().find((chain) => chain.id === id);
      return found && `${found.leaf}${found.root}`;
    },
    signer(leaf) {
      const { id, key } = chain(leaf);
      return { id, key: createPrivateKey(key) };
    },
    genuine: (id) => (chains.get('genuine')?.id === id ? chains.get('genuine')!.leaf : undefined),
    restore() {
      for (const [name, kept] of known)
        if ('leaf' in kept) chains.put(name, kept);
        else authorities.put(name, kept);
    },
  };

  function chain(leaf: Leaf): Chain {
    const found = chains.get(leaf) ?? makeLeaf(authority(leaf === 'foreign' ? FOREIGN : OWN), leaf);
    if (!chains.get(leaf)) chains.put(leaf, found);
    known.set(leaf, found);
    return found;
  }

  function authority(name: string): Authority {
    const found = authorities.get(name) ?? makeAuthority(name);
    if (!authorities.get(name)) authorities.put(name, found);
    known.set(name, found);
    return found;
  }
}

const OWN = 'PayPal Emulator Root';
const FOREIGN = 'Somebody Else';
const SUBJECT = 'messageverificationcerts.paypal.com';
const DAY_MS = 86_400_000;

function makeAuthority(name: string): Authority {
  const key = newKey();
  const root = certificate({
    subject: name,
    subjectKey: key,
    issuer: name,
    issuerKey: key,
    isAuthority: true,
    notBefore: inDays(-500),
    notAfter: inDays(3650),
  });
  return { name, key: pem(key), root };
}

function makeLeaf({ name, key: issuerKey, root }: Authority, kind: Leaf): Chain {
  const key = newKey();
  const leaf = certificate({
    subject: SUBJECT,
    subjectKey: key,
    issuer: name,
    issuerKey: createPrivateKey(issuerKey),
    isAuthority: false,
    notBefore: inDays(kind === 'expired' ? -400 : -1),
    notAfter: inDays(kind === 'expired' ? -30 : 3650),
  });
  return { id: `CERT-${newId(8)}-${newId(8)}`, key: pem(key), leaf, root };
}

function newKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}
