/**
 * The emulator's memory: named tables of plain JSON documents. All changes of one commit are one line of an
 * append-only file, so a process killed at any moment has either the whole of a commit or nothing of it.
 */
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface Table<T> {
  get(id: string): T | undefined;
  /** Documents are values: change one by putting a new one in its place. */
  put(id: string, document: T): void;
  delete(id: string): void;
  /** In the order in which the documents were first put. */
  all(): T[];
  /** The same, without the copy: for looking at the first few of many. */
  values(): Iterable<T>;
  ids(): string[];
}

export interface Store {
  table<T>(name: string): Table<T>;
  /** Whatever the work put is written before this returns, even when the work throws: a decline is a fact too. */
  commit<R>(work: () => R): R;
  clear(): void;
  close(): void;
}

/** A null document says that it was deleted. */
type Change = readonly [table: string, id: string, document: unknown];

export function openStore(file: string | undefined): Store {
  const tables = new Map<string, Map<string, unknown>>();
  let fd = file === undefined ? undefined : openAndReplay(file, apply);
  let pending: Change[] | undefined;

  return {
    table: <T>(name: string): Table<T> => ({
      get: (id) => documents(name).get(id) as T | undefined,
      put: (id, document) => change([name, id, document]),
      delete: (id) => change([name, id, null]),
      all: () => [...documents(name).values()] as T[],
      values: () => documents(name).values() as Iterable<T>,
      ids: () => [...documents(name).keys()],
    }),
    commit(work) {
      if (pending) return work();
      pending = [];
      try {
        return work();
      } finally {
        const changes = pending;
        pending = undefined;
        write(changes);
      }
    },
    clear() {
      tables.clear();
      if (fd !== undefined) ftruncateSync(fd, 0);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      // The number may soon name another file: whatever is still under way must not write there.
      fd = undefined;
    },
  };

  function documents(name: string): Map<string, unknown> {
    let found = tables.get(name);
    if (!found) tables.set(name, (found = new Map()));
    return found;
  }

  function apply([name, id, document]: Change): void {
    if (document === null) documents(name).delete(id);
    else documents(name).set(id, document);
  }

  function change(change: Change): void {
    apply(change);
    if (pending) pending.push(change);
    else write([change]);
  }

  function write(changes: readonly Change[]): void {
    if (fd !== undefined && changes.length > 0) appendFileSync(fd, `${JSON.stringify(changes)}\n`);
  }
}

function openAndReplay(file: string, apply: (change: Change) => void): number {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a+');
  const bytes = readFileSync(file);
  let intact = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, intact)) {
    const changes = JSON.parse(bytes.toString('utf8', intact, end)) as Change[];
    for (const change of changes) apply(change);
    intact = end + 1;
  }
  // A last line without its end was being written when the process died: nobody was told of it.
  if (intact < bytes.length) ftruncateSync(fd, intact);
  return fd;
}
