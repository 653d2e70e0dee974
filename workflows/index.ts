/** Every workflow type, by the name under which Temporal knows it. Renaming one breaks running workflows. */
export { dunning } from './dunning.js';
export { renewal } from './renewal.js';
export { sweep } from './sweep.js';
