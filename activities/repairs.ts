/** Repairs: many small ones, of which none may keep the others from being made. */
export interface Repairs {
  readonly done: number;
  readonly failed: number;
  /** The first failure's message, for whoever reads the sweep in the Temporal UI. */
  readonly why?: string;
}

/** `alive` is told before each, so that a killed worker is noticed and a busy one is not. */
export async function repairEach(
  alive: () => void,
  repairs: readonly (() => Promise<unknown>)[],
): Promise<Repairs> {
  let done = 0;
  const failures: string[] = [];
  for (const repair of repairs) {
    alive();
    try {
      await repair();
      done++;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  const why = failures[0]?.slice(0, 500);
  return { done, failed: failures.length, ...(why && { why }) };
}

export function addRepairs(all: readonly Repairs[]): Repairs {
  const why = all.find((repairs) => repairs.why)?.why;
  return {
    done: all.reduce((sum, { done }) => sum + done, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    ...(why && { why }),
  };
}
