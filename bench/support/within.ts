import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something has happened, and says what did not when it has not in time. */
export async function within(
  ms: number,
  what: string,
  happened: () => Promise<unknown>,
  lookEveryMs = 100,
): Promise<void> {
  for (const end = Date.now() + ms; !(await happened()); await sleep(lookEveryMs))
    if (Date.now() > end) throw new Error(`Not within ${ms} ms: ${what}`);
}

/** Does the same for each of many, a few of them at a time. */
export async function each<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  const hands = Array.from({ length: atOnce }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.all(hands);
}
