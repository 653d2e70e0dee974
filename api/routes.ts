/** Every route with an API key, in the order in which the documentation shows them. */
import { apiKeyRoutes } from './api-keys.js';
import { customerRoutes } from './customers.js';
import { dunningCaseRoutes } from './dunning-cases.js';
import { eventRoutes } from './events.js';
import { gatewayAccountRoutes } from './gateway-accounts.js';
import { paymentMethodRoutes } from './payment-methods.js';
import { renewalRoutes } from './renewals.js';
import type { Route } from './route.js';
import { subscriptionRoutes } from './subscriptions.js';

export const routes: readonly Route[] = [
  ...customerRoutes,
  ...paymentMethodRoutes,
  ...subscriptionRoutes,
  ...renewalRoutes,
  ...dunningCaseRoutes,
  ...eventRoutes,
  ...gatewayAccountRoutes,
  ...apiKeyRoutes,
];
