import { DomainError } from './errors.js';

/** Refuses a move that the noun's table does not list. */
export function assertTransition<S extends string>(
  table: Readonly<Record<S, readonly S[]>>,
  noun: string,
  from: S,
  to: S,
): void {
  if (table[from].includes(to)) return;
  throw new DomainError('conflict', 'illegal_transition', `A ${from} ${noun} cannot become ${to}`);
}
