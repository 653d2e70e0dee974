/** Every route with an API key, in the order in which the documentation shows them. */
import { apiKeyRoutes } from './api-keys.js';
import { auditEntryRoutes } from './audit-entries.js';
import { attentionRoutes } from './attention.js';
import { chargeRoutes } from './charges.js';
import { customerRoutes } from './customers.js';
import { deliveryRoutes } from './deliveries.js';
import { disputeRoutes } from './disputes.js';
import { dunningCaseRoutes } from './dunning-cases.js';
import { eventRoutes } from './events.js';
import { gatewayAccountRoutes } from './gateway-accounts.js';
import { ledgerRoutes } from './ledger.js';
import { noticeRoutes } from './notices.js';
import { paymentMethodSessionRoutes } from './payment-method-sessions.js';
import { paymentMethodRoutes } from './payment-methods.js';
import { paymentLinkRoutes } from './payment-links.js';
import { reconciliationRoutes } from './reconciliations.js';
import { refundRoutes } from './refunds.js';
import { renewalRoutes } from './renewals.js';
import type { Route } from './route.js';
import { routingRuleRoutes } from './routing-rules.js';
import { statementRoutes } from './statements.js';
import { settingsRoutes } from './settings.js';
import { subscriptionRoutes } from './subscriptions.js';
import { webhookEndpointRoutes } from './webhook-endpoints.js';

export const routes: readonly Route[] = [
  ...customerRoutes,
  ...paymentMethodSessionRoutes,
  ...paymentMethodRoutes,
  ...subscriptionRoutes,
  ...renewalRoutes,
  ...paymentLinkRoutes,
  ...chargeRoutes,
  ...refundRoutes,
  ...disputeRoutes,
  ...dunningCaseRoutes,
  ...attentionRoutes,
  ...noticeRoutes,
  ...ledgerRoutes,
  ...statementRoutes,
  ...eventRoutes,
  ...deliveryRoutes,
  ...webhookEndpointRoutes,
  ...gatewayAccountRoutes,
  ...reconciliationRoutes,
  ...routingRuleRoutes,
  ...settingsRoutes,
  ...apiKeyRoutes,
  ...auditEntryRoutes,
];
