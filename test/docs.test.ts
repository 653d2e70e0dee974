/** What the documents point to exists: files, links, and the tests that are named as proof. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

const pages = ['.', 'docs', 'docs/decisions'].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file)),
);

/** `` `test/x.test.ts` › “a title” ``; the title may be missing. */
const REFERENCE = /`([a-z]+\/[\w./-]+\.(?:ts|mjs|sql|prisma))`(?:\s*›\s*“([^”]+)”)?/g;
const LINK = /\]\(([^)#:]+)(?:#[^)]*)?\)/g;

test.each(pages)('%s points to what exists', (page) => {
  const text = readFileSync(page, 'utf8');
  const missing: string[] = [];
  for (const [, file, title] of text.matchAll(REFERENCE)) {
    if (!existsSync(file!)) missing.push(file!);
    else if (title && !plain(readFileSync(file!, 'utf8')).includes(plain(title)))
      missing.push(`${file} › ${title}`);
  }
  for (const [, target] of text.matchAll(LINK))
    if (!existsSync(join(dirname(page), target!))) missing.push(`link to ${target}`);
  expect(missing).toEqual([]);
});

test('what can go wrong names a test in each row', () => {
  const rows = readFileSync('docs/what-can-go-wrong.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.includes('---'));
  const bodies = rows.filter((row) => !/^\|\s*(fault|what)/i.test(row));
  expect(bodies.length).toBeGreaterThan(20);
  expect(bodies.filter((row) => !row.includes('test/'))).toEqual([]);
});

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll(/\\?'/g, '’');
}
