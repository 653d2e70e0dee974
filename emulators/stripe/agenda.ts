/** What Stripe's emulator has to do by itself at some time. */
import type * as common from '../common/agenda.js';

export type Task =
  | { readonly kind: 'settle_payment'; readonly id: string; readonly decline?: string }
  | { readonly kind: 'settle_refund' | 'fail_refund'; readonly id: string }
  | { readonly kind: 'open_dispute'; readonly id: string; readonly reason: string };

export type Agenda = common.Agenda<Task>;
