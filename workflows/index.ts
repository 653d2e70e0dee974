/** Every workflow type, by the name under which Temporal knows it. Renaming one breaks running workflows. */
export { delivery } from './delivery.js';
export { dispute } from './dispute.js';
export { dunning } from './dunning.js';
export { reconcile } from './reconcile.js';
export { refund } from './refund.js';
export { renewal } from './renewal.js';
export { sweep } from './sweep.js';
