import { z } from 'zod';

import { LEDGER_ACCOUNTS, LEDGER_KINDS } from '../../prisma/ledger-transaction.js';
import { idOf, instant, pageOf, shownAccount, shownInstant } from './common.js';

const account = z.enum(LEDGER_ACCOUNTS);
const kind = z.enum(LEDGER_KINDS);

const customer = idOf('cus').optional();
const renewal = idOf('rnw').optional();
const gatewayAccount = idOf('gwa').optional();

export const entryQuery = z.strictObject({
  ...pageOf('len'),
  customer,
  renewal,
  charge: idOf('chg').optional(),
  gateway_account: gatewayAccount,
  account: account.optional(),
  kind: kind.optional(),
});

export const balanceQuery = z
  .strictObject({ customer, renewal, gateway_account: gatewayAccount })
  .refine((asked) => Object.values(asked).filter((it) => it !== undefined).length <= 1, {
    error: 'names more than one of customer, renewal and gateway_account',
  });

export const statementQuery = z
  .strictObject({
    from: instant.meta({ description: 'The first moment it covers' }),
    to: instant.meta({
      description: 'The first moment it does not cover any more',
      example: '2027-01-01T00:00:00Z',
    }),
    gateway_account: gatewayAccount,
  })
  .refine(({ from, to }) => !(Date.parse(from) >= Date.parse(to)), {
    path: ['to'],
    error: 'must be later than from',
  });

export const ledgerEntry = z
  .object({
    id: idOf('len'),
    transaction: z
      .object({ id: idOf('ltx'), kind, source: z.string(), booked_at: shownInstant })
      .meta({
        description:
          'The fact that was booked: what happened, the id of the row it comes from, and when it was booked',
      }),
    account,
    side: z.enum(['debit', 'credit']),
    amount_minor: z.int().meta({ description: 'Whole minor units, always above 0', example: 1900 }),
    currency: z.string(),
    customer: idOf('cus').nullable(),
    renewal: idOf('rnw').nullable(),
    charge: idOf('chg').nullable(),
    gateway_account: shownAccount.nullable(),
  })
  .meta({ id: 'LedgerEntry' });

export const ledgerBalance = z
  .object({
    account,
    currency: z.string(),
    debit_minor: z.int().meta({ description: 'The sum of all debits' }),
    credit_minor: z.int().meta({ description: 'The sum of all credits' }),
    balance_minor: z.int().meta({ description: 'Debits less credits' }),
    meaning: z.string().meta({ example: 'Owed by customers' }),
  })
  .meta({ id: 'LedgerBalance' });
