/**
 * Where a test account may send instead of to its vendor. Whoever could name any address would be sent the account's
 * credential there, and could make Dunlin knock on doors that only Dunlin can reach.
 */

/** `permitted`: origins, such as "https://mock.example:8443", or "http://127.0.0.1:*" for any port. */
export function isPermittedBase(base: string, permitted: readonly string[]): boolean {
  const { protocol, hostname, origin } = new URL(base);
  return permitted.includes(origin) || permitted.includes(`${protocol}//${hostname}:*`);
}
