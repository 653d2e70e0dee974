import { createHash } from 'node:crypto';

/** JSON with its keys in order: what says the same is spelled the same. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
