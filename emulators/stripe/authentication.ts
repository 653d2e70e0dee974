/** Who asks: the secret key names the account. The key itself is never kept. */
import { accountIdOf } from './account.js';
import { unauthorized } from './errors.js';

export function authenticate(authorization: string | undefined): string {
  const key = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  if (key === undefined)
    throw unauthorized('You did not provide an API key. Use "Authorization: Bearer sk_test_…".');
  if (/^[sr]k_live_/.test(key))
    throw unauthorized(
      'This is an emulator: it refuses live keys. Use a key that begins with sk_test_.',
    );
  if (!/^[sr]k_test_\w+$/.test(key)) throw unauthorized('Invalid API Key provided.');
  return accountIdOf(key);
}
