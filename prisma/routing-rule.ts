/** Routing rules as they are kept: one row each, tried in the order of their position. */
import { DomainError } from '../domain/errors.js';
import type { RoutingConditions, RoutingRule } from '../domain/routing-rule.js';
import { type Tx, fieldNames, violatesUnique } from './client.js';
import type { GatewayAccount, RoutingRule as Row } from './generated/client.js';
import { Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import type { Page } from './page.js';

/** More would make each planning of a charge slow. */
const MOST_RULES = 100;

/** As the row's JSON names it. */
interface KeptAccount {
  readonly gateway_account: string;
  readonly weight?: number | undefined;
}

/** A rule as it is shown: with its place, and its accounts by name. */
export interface RuleView extends RoutingRule {
  readonly position: number;
  readonly accounts: readonly (RuleAccount & RoutingRule['accounts'][number])[];
  readonly createdAt: Date;
}

type RuleAccount = Pick<GatewayAccount, 'name' | 'gateway' | 'state'>;

export interface NewRule extends Pick<RoutingRule, 'name' | 'conditions' | 'accounts'> {
  /** By default after the last. */
  readonly position?: number | undefined;
}

export type RuleChanges = { readonly [K in keyof NewRule]?: NewRule[K] | undefined };

/** SQL for a merchant's rules as one JSON array. An account's mode never changes, so that a rule's follows from it. */
export function rulesOf(merchantId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(select jsonb_agg(to_jsonb(r) || jsonb_build_object('mode', (select a.mode
      from gateway_account a where a.id = r.accounts -> 0 ->> 'gateway_account'))
    order by r.position, r.id) from routing_rule r where r.merchant_id = ${merchantId})`;
}

/** A rule from its row, as PostgreSQL's JSON or as Prisma gives it, and the mode of its accounts. */
export function readRule(row: object): RoutingRule {
  const { id, name, mode, conditions, accounts } = fieldNames<Row & { mode: string }>(row);
  return {
    id,
    name,
    mode,
    conditions: conditions as RoutingConditions,
    accounts: (accounts as unknown as KeptAccount[]).map((one) => ({
      id: one.gateway_account,
      weight: one.weight,
    })),
  };
}

/** All of the merchant's rules, in the order in which they are asked. */
export async function listAllRules(db: Tx, merchantId: string): Promise<RuleView[]> {
  const rows = await db.routingRule.findMany({
    where: { merchantId },
    orderBy: [{ position: 'asc' }, { id: 'asc' }],
  });
  return viewsOf(db, rows);
}

export async function listRules(db: Tx, { merchantId, after, limit }: Page): Promise<RuleView[]> {
  const rules = await listAllRules(db, merchantId);
  const last = rules.findIndex(({ id }) => id === after);
  // A deleted rule has no place any more: to begin anew would show some rules twice, and never end.
  if (after !== undefined && last < 0)
    throw new DomainError('invalid', 'invalid_request', 'There is no such rule', 'starting_after');
  return rules.slice(last + 1, last + 1 + limit);
}

export async function requireRule(db: Tx, merchantId: string, id: string): Promise<RuleView> {
  const row = await db.routingRule.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no routing rule ${id}`);
  return (await viewsOf(db, [row]))[0]!;
}

export async function createRule(
  tx: Tx,
  merchantId: string,
  asked: NewRule,
  now: Date,
): Promise<RuleView> {
  const { _count: count, _max: last } = await tx.routingRule.aggregate({
    where: { merchantId },
    _count: true,
    _max: { position: true },
  });
  if (count >= MOST_RULES)
    throw new DomainError('conflict', 'too_many_rules', `There are ${MOST_RULES} rules already`);
  const row = await refuseTakenName(() =>
    tx.routingRule.create({
      data: {
        id: newId('rul'),
        merchantId,
        name: asked.name,
        // Two rules made at once may share a place: the older one is asked first.
        position: asked.position ?? (last.position ?? 0) + 1,
        conditions: keptConditions(asked.conditions),
        accounts: keptAccounts(asked.accounts),
        createdAt: now,
      },
    }),
  );
  return (await viewsOf(tx, [row]))[0]!;
}

export async function changeRule(tx: Tx, id: string, changes: RuleChanges): Promise<RuleView> {
  const { name, position, conditions, accounts } = changes;
  const data = {
    ...(name !== undefined && { name }),
    ...(position !== undefined && { position }),
    ...(conditions && { conditions: keptConditions(conditions) }),
    ...(accounts && { accounts: keptAccounts(accounts) }),
  };
  const row = await refuseTakenName(() => tx.routingRule.update({ where: { id }, data }));
  return (await viewsOf(tx, [row]))[0]!;
}

export async function deleteRule(tx: Tx, merchantId: string, id: string): Promise<void> {
  await tx.routingRule.deleteMany({ where: { id, merchantId } });
}

async function viewsOf(db: Tx, rows: readonly Row[]): Promise<RuleView[]> {
  const rules = rows.map((row) => ({ row, rule: readRule(row) }));
  const ids = [...new Set(rules.flatMap(({ rule }) => rule.accounts.map(({ id }) => id)))];
  const accounts = await db.gatewayAccount.findMany({ where: { id: { in: ids } } });
  const byId = new Map(accounts.map((account) => [account.id, account]));
  return rules.map(({ row, rule }) => ({
    ...rule,
    mode: byId.get(rule.accounts[0]!.id)!.mode,
    position: row.position,
    accounts: rule.accounts.map(({ id, weight }) => {
      const { name, gateway, state } = byId.get(id)!;
      return { id, weight, name, gateway, state };
    }),
    createdAt: row.createdAt,
  }));
}

function keptConditions(conditions: RoutingConditions): Prisma.InputJsonObject {
  return conditions as Prisma.InputJsonObject;
}

function keptAccounts(accounts: RoutingRule['accounts']): Prisma.InputJsonArray {
  return accounts.map(({ id, weight }) => ({
    gateway_account: id,
    ...(weight !== undefined && { weight }),
  }));
}

async function refuseTakenName(write: () => Promise<Row>): Promise<Row> {
  try {
    return await write();
  } catch (error) {
    if (!violatesUnique(error)) throw error;
    const message = 'Another routing rule of this merchant has this name';
    throw new DomainError('conflict', 'name_taken', message, 'name');
  }
}
