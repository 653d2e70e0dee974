/** The ledger: every fact about money in double entry, as single entries and as sums. */
import { type LedgerScope, listLedgerEntries, sumLedger } from '../prisma/ledger-view.js';
import { pageAnswer, pageFor } from './page.js';
import { renderLedgerBalance, renderLedgerEntry } from './render/ledger.js';
import { route } from './route.js';
import { listOf } from './schemas/common.js';
import { balanceQuery, entryQuery, ledgerBalance, ledgerEntry } from './schemas/ledger.js';

const tag = 'ledger';

export const ledgerRoutes = [
  route({
    method: 'get',
    path: '/v1/ledger-entries',
    scope: 'read',
    tag,
    summary: 'List ledger entries, newest first',
    description:
      'Each fact is one transaction with a debit and a credit of the same amount; it is booked once and never changed. ' +
      'A transaction is named by its `kind` and by its `source`, the id of the renewal, charge, refund, dispute or ' +
      "movement in the gateway's books that it comes from.",
    query: entryQuery,
    answers: { 200: { description: 'Ledger entries', schema: listOf(ledgerEntry) } },
    run: async ({ api, merchantId, query }) => {
      const { account, kind } = query;
      const page = { ...pageFor(merchantId, query), ...scopeOf(merchantId, query), account, kind };
      const entries = await listLedgerEntries(api.db, { ...page, order: 'newest_first' });
      return pageAnswer(entries, query.limit, renderLedgerEntry);
    },
  }),
  route({
    method: 'get',
    path: '/v1/ledger-balances',
    scope: 'read',
    tag,
    summary: 'Sum the ledger per account and currency',
    description:
      "Of one customer, one renewal or one gateway account; of everything that is the merchant's when none is named. " +
      'A debit is what an account receives, a credit what it gives: `balance_minor` is debits less credits, so what ' +
      'customers owe, what a gateway holds and what was lost is positive, and what was earned is negative. ' +
      '`meaning` says it in words. Over all accounts the balances of one currency sum to 0.',
    query: balanceQuery,
    answers: { 200: { description: 'Balances', schema: listOf(ledgerBalance) } },
    run: async ({ api, merchantId, query }) => {
      const balances = await sumLedger(api.db, scopeOf(merchantId, query));
      return pageAnswer(balances, balances.length, renderLedgerBalance);
    },
  }),
];

interface Asked {
  readonly customer?: string | undefined;
  readonly renewal?: string | undefined;
  readonly charge?: string | undefined;
  readonly gateway_account?: string | undefined;
}

function scopeOf(merchantId: string, asked: Asked): LedgerScope {
  const { customer: customerId, renewal: renewalId, charge: chargeId } = asked;
  return { merchantId, customerId, renewalId, chargeId, gatewayAccountId: asked.gateway_account };
}
