/** What operators filter runs by. Never encrypted, so: ids and words, no personal data. */
import {
  type SearchAttributePair,
  TypedSearchAttributes,
  defineSearchAttributeKey,
} from '@temporalio/common';

export const SEARCH_ATTRIBUTES = {
  MerchantId: defineSearchAttributeKey('MerchantId', 'KEYWORD'),
  SubscriptionId: defineSearchAttributeKey('SubscriptionId', 'KEYWORD'),
  RenewalId: defineSearchAttributeKey('RenewalId', 'KEYWORD'),
} as const;

export function attributes(
  values: Partial<Record<keyof typeof SEARCH_ATTRIBUTES, string>>,
): TypedSearchAttributes {
  const pairs = Object.entries(values).map(([name, value]) => ({
    key: SEARCH_ATTRIBUTES[name as keyof typeof SEARCH_ATTRIBUTES],
    value,
  }));
  return new TypedSearchAttributes(pairs as SearchAttributePair[]);
}
