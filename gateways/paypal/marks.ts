/** Our own marks, as PayPal shows them on what we made: the object's id in `custom_id`, the renewal's in `invoice_id`. */
import type { Owner } from '../gateway.js';

interface Marks {
  readonly custom: string | undefined;
  readonly invoice: string | undefined;
}

export function ownerOf({ custom, invoice }: Marks): Owner {
  return {
    renewalId: renewalIdIn(invoice),
    chargeId: custom?.startsWith('chg_') ? custom : undefined,
    refundId: refundIdIn(custom),
  };
}

/** A refund that somebody made by hand may carry its charge's mark: that is no refund of ours. */
export function refundIdIn(custom: string | undefined): string | undefined {
  return custom?.startsWith('rfd_') ? custom : undefined;
}

/** Without the number of the reversal that it was collected after. */
export function renewalIdIn(invoice: string | undefined): string | undefined {
  return invoice?.startsWith('rnw_') ? invoice.replace(/-\d+$/, '') : undefined;
}
