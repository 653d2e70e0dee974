/** Every event that a test's Dunlin has recorded is held against what is documented of its type. */
import { EVENT_TYPES } from '../../api/schemas/event-types.js';
import type { Database } from '../../prisma/client.js';

export async function expectDocumented(db: Database): Promise<void> {
  for (const { id, type, payload } of await db.event.findMany()) {
    const kind = EVENT_TYPES[type];
    if (!kind) throw new Error(`${type} is not in api/schemas/event-types.ts`);
    const checked = kind.payload.safeParse(payload);
    if (!checked.success)
      throw new Error(`${id} (${type}) is not as documented: ${checked.error.message}`);
  }
}
