/** A total deadline that several exchanges share. */
export interface Deadline {
  readonly leftMs: () => number;
}

export function deadlineIn(ms: number): Deadline {
  // Not the wall clock, which may be set meanwhile.
  const end = performance.now() + ms;
  return { leftMs: () => Math.floor(end - performance.now()) };
}
