/** Every route with an API key, in the order in which the documentation shows them. */
import { apiKeyRoutes } from './api-keys.js';
import { chargeRoutes } from './charges.js';
import { customerRoutes } from './customers.js';
import { dunningCaseRoutes } from './dunning-cases.js';
import { eventRoutes } from './events.js';
import { gatewayAccountRoutes } from './gateway-accounts.js';
import { paymentMethodSessionRoutes } from './payment-method-sessions.js';
import { paymentMethodRoutes } from './payment-methods.js';
import { paymentLinkRoutes } from './payment-links.js';
import { renewalRoutes } from './renewals.js';
import type { Route } from './route.js';
import { routingRuleRoutes } from './routing-rules.js';
import { subscriptionRoutes } from './subscriptions.js';

export const routes: readonly Route[] = [
  ...customerRoutes,
  ...paymentMethodSessionRoutes,
  ...paymentMethodRoutes,
  ...subscriptionRoutes,
  ...renewalRoutes,
  ...paymentLinkRoutes,
  ...chargeRoutes,
  ...dunningCaseRoutes,
  ...eventRoutes,
  ...gatewayAccountRoutes,
  ...routingRuleRoutes,
  ...apiKeyRoutes,
];
