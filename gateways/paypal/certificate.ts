/** The certificate a webhook names: fetched from PayPal only, and trusted only if a known root vouches for it. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

import type { WebhookAccount } from '../gateway.js';
import { isLoopback } from './address.js';

export type CertificateKey =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly why: string };

export async function certificateKey(
  account: WebhookAccount,
  certUrl: string,
): Promise<CertificateKey> {
  if (!isItsPlace(account, certUrl)) return REFUSED;
  const fetched = fetchedBundles.get(certUrl);
  const bundle = fetched ?? (await fetchBundle(certUrl, account.deadlineMs));
  if (typeof bundle !== 'string') return bundle;
  // Trust and dates are looked at every time: a certificate that was kept may have run out.
  const leaf = trustedLeaf(parseBundle(bundle), account);
  if (!leaf) return REFUSED;
  if (fetched === undefined) keep(certUrl, bundle);
  return { kind: 'key', key: leaf.publicKey };
}

const REFUSED: CertificateKey = { kind: 'refused' };

/** Everybody can sign with a certificate of his own: it must come from PayPal's address for them. */
function isItsPlace({ mode, apiBase }: WebhookAccount, certUrl: string): boolean {
  if (!URL.canParse(certUrl)) return false;
  const url = new URL(certUrl);
  if (url.href !== certUrl || url.search || url.hash || url.username || url.password) return false;
  if (!/^\/v1\/notifications\/certs\/[\w.-]+$/.test(url.pathname)) return false;
  if (mode === 'test' && apiBase !== undefined && URL.canParse(apiBase)) {
    const base = new URL(apiBase);
    if (isLoopback(base)) return url.origin === base.origin;
  }
  return url.protocol === 'https:' && url.port === '' && HOSTS[mode].includes(url.hostname);
}

const HOSTS = {
  test: ['api.sandbox.paypal.com', 'api-m.sandbox.paypal.com'],
  live: ['api.paypal.com', 'api-m.paypal.com'],
};

/** PEM by address. */
const fetchedBundles = new Map<string, string>();
const MOST_KEPT = 20;

function keep(url: string, bundle: string): void {
  if (fetchedBundles.size >= MOST_KEPT) fetchedBundles.delete(fetchedBundles.keys().next().value!);
  fetchedBundles.set(url, bundle);
}

async function fetchBundle(url: string, deadlineMs: number): Promise<string | CertificateKey> {
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    // A redirect would lead away from the address that was just checked.
    const answer = await fetch(url, { signal, redirect: 'manual' });
    if (answer.status === 429 || answer.status >= 500)
      return unreachable(`PayPal answered ${answer.status}`);
    if (answer.status !== 200 || !answer.body) {
      await answer.body?.cancel();
      return REFUSED;
    }
    return await readBounded(answer.body);
  } catch (error) {
    return unreachable(error instanceof Error ? error.message : String(error));
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string | CertificateKey> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MOST_BYTES) return REFUSED;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const MOST_BYTES = 64_000;

function unreachable(why: string): CertificateKey {
  return { kind: 'unreachable', why: `The webhook's certificate cannot be fetched: ${why}` };
}

function parseBundle(pem: string): X509Certificate[] {
  try {
    return (pem.match(PEM_BLOCK) ?? [])
      .slice(0, MOST_CERTIFICATES)
      .map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const MOST_CERTIFICATES = 6;

/** The first certificate of a bundle, if it is PayPal's, and a chain of valid ones leads from it to a known root. */
function trustedLeaf(
  bundle: readonly X509Certificate[],
  { mode, trustedRoots }: WebhookAccount,
): X509Certificate | undefined {
  const [leaf, ...others] = bundle;
  if (!leaf || leaf.ca || leaf.publicKey.asymmetricKeyType !== 'rsa' || !isPaypals(leaf))
    return undefined;
  const roots = [
    ...wellKnownRoots(),
    ...(mode === 'test' ? trustedRoots.flatMap(parseBundle) : []),
  ];
  let at = leaf;
  for (let step = 0; step <= MOST_CERTIFICATES; step++) {
    if (!isInForce(at)) return undefined;
    if (roots.some((root) => isInForce(root) && vouches(root, at))) return leaf;
    const issuer = others.find((other) => other.ca && other !== at && vouches(other, at));
    if (!issuer) return undefined;
    at = issuer;
  }
  return undefined;
}

let parsedRoots: X509Certificate[] | undefined;

/** Parsed once: there are more than a hundred. */
function wellKnownRoots(): X509Certificate[] {
  return (parsedRoots ??= rootCertificates.flatMap(parseBundle));
}

function vouches(issuer: X509Certificate, issued: X509Certificate): boolean {
  return issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}

function isInForce({ validFrom, validTo }: X509Certificate): boolean {
  return Date.parse(validFrom) <= Date.now() && Date.now() <= Date.parse(validTo);
}

/** By its alternative names, or by its subject where it has none. A root vouches for half the web. */
function isPaypals({ subjectAltName, subject }: X509Certificate): boolean {
  const named = subjectAltName?.match(/(?<=DNS:)[^,]+/g);
  const names = named ?? subject.match(/(?<=^CN=).+$/gm) ?? [];
  return names.some((name) => SIGNERS.has(name.trim().toLowerCase()));
}

/** The names PayPal's signing certificates have had for years, in either environment. */
const SIGNERS: ReadonlySet<string> = new Set([
  'messageverificationcerts.paypal.com',
  'messageverificationcerts.sandbox.paypal.com',
]);
