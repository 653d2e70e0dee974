import type { NeedsAttention } from '../../domain/renewal.js';

/** As PostgreSQL keeps it: what a person must see, or null. */
export function renderAttention(attention: unknown): NeedsAttention | null {
  if (attention === null) return null;
  const { since, why, next } = attention as NeedsAttention;
  return { since, why, next };
}
