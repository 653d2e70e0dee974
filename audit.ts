/** Verifies the audit trail, for an auditor: `npm run audit -- --head <hash>`, with DATABASE_URL. */
import { parseArgs } from 'node:util';

import { readConfig } from './config.js';
import { verifyAudit } from './prisma/verify-audit.js';

async function audit(): Promise<string> {
  const { values } = parseArgs({ options: { head: { type: 'string' } } });
  if (values.head && !/^[0-9a-f]{64}$/i.test(values.head))
    throw new Error('--head takes the whole of what was printed: 64 hexadecimal digits');
  const { DATABASE_URL } = readConfig({ required: ['DATABASE_URL'] });
  const verdict = await verifyAudit(DATABASE_URL!, values.head?.toLowerCase());
  if (verdict.kind === 'broken') throw new Error(`broken: ${verdict.why}`);
  const { sealed, open, head } = verdict;
  return `intact: ${sealed} entries, ${open} not sealed yet, head ${head}`;
}

try {
  process.stdout.write(`${await audit()}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
