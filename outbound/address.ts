/**
 * Addresses that apps name for us to call. Whoever can name one could make Dunlin knock on doors that only Dunlin can
 * reach, so a name must lead to the public internet, whatever way it is written.
 */
import ipaddr from 'ipaddr.js';

/** A url is an app's: `test` endpoints may be on this machine where `privateTargets` says so. */
export interface Target {
  readonly url: string;
  readonly mode: 'test' | 'live';
  /** Whether this installation allows its own network as a target. */
  readonly privateTargets: boolean;
}

const PUBLIC_PORTS = ['', '443', '8443'];

/** Why a url can never be called, whatever its name resolves to; undefined if nothing speaks against it. */
export function urlFault({ url, mode, privateTargets }: Target): string | undefined {
  if (!URL.canParse(url)) return 'is no address';
  const { protocol, username, password, port, hash } = new URL(url);
  if (username || password) return 'must not carry credentials';
  if (hash) return 'must not have a fragment';
  const mayBePlain = privateTargets && mode === 'test';
  if (protocol !== 'https:' && !(mayBePlain && protocol === 'http:'))
    return 'must be an https address';
  if (!privateTargets && !PUBLIC_PORTS.includes(port)) return 'must be on port 443 or 8443';
  const literal = literalOf(hostOf(url));
  return literal && addressFault(literal, { url, mode, privateTargets });
}

/** Why this address may not be connected to; undefined if it may. */
export function addressFault(address: string, target: Target): string | undefined {
  const literal = ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
  if (!literal) return 'is no address';
  const range = rangeOf(literal);
  const plain = new URL(target.url).protocol === 'http:';
  if (plain && range !== 'loopback')
    return 'must be https: only this machine may be called by http';
  if (range === 'public') return undefined;
  const allowed = target.privateTargets && OWN_NETWORK.includes(range);
  return allowed ? undefined : `leads to a ${inWords(range)} address`;
}

/** "link-local" for linkLocal. */
function inWords(range: string): string {
  return range.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The host as it is resolved, without the brackets of an IPv6 address. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

function literalOf(host: string): string | undefined {
  return ipaddr.isValid(host) ? host : undefined;
}

/** Never the link's own addresses: that is where a cloud's metadata is. */
const OWN_NETWORK = ['loopback', 'private', 'uniqueLocal'];

/** Where clouds tell a machine its secrets, at addresses that look public (Azure) or private (AWS, Google, Oracle). */
const METADATA = ['168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe'];

function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (METADATA.includes(address.toString())) return 'metadata';
  const range = address.range();
  if (range !== 'unicast') return range;
  // What is neither named as special nor given out as public, such as an IPv4 address in compatible form.
  const isPublic = address.kind() === 'ipv4' || address.match(GIVEN_OUT);
  return isPublic ? 'public' : 'reserved';
}

const GIVEN_OUT = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];
