/** The types of events: each documented, each with an example that is true, and none recorded that is not there. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { format } from 'prettier';

import { openApiDocument } from '../../api/openapi.js';
import { EVENT_TYPES, exampleOf, messageOf } from '../../api/schemas/event-types.js';

const types = Object.keys(EVENT_TYPES);
const nouns = [...new Set(types.map((type) => type.split('.')[0]!))];

describe('an event type', () => {
  it.each(types)('%s has an example that fits its schema', (type) => {
    const example = exampleOf(type);
    expect(messageOf(type, EVENT_TYPES[type]!).parse(example)).toEqual(example);
    expect(EVENT_TYPES[type]!.payload.parse(example['data'])).toEqual(example['data']);
  });

  it.each(types)('%s leaves room for fields that come later', (type) => {
    const example = exampleOf(type);
    const later = { ...example, new: 1, data: { ...(example['data'] as object), new: 2 } };
    expect(messageOf(type, EVENT_TYPES[type]!).parse(later)).toEqual(later);
  });

  it('that the code names is documented', () => {
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], {
      encoding: 'utf8',
    })
      .split('\n')
      .filter((file) => /^(prisma|activities)\//.test(file) && !file.includes('generated'));
    const named = new RegExp(`'((?:${nouns.join('|')})\\.[a-z_]+)'`, 'g');
    const found = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(named)].map(([, type]) => type!),
    );
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter((type) => !(type in EVENT_TYPES))).toEqual([]);
  });

  it('stands in the OpenAPI document', () => {
    const { webhooks, components } = openApiDocument();
    expect(Object.keys(webhooks ?? {})).toEqual(types);
    expect(components).toBeDefined();
  });
});

it('docs/events.md says what the schemas say: npx vitest run test/api/event-types.test.ts -u', async () => {
  await expect(await format(page(), { parser: 'markdown', printWidth: 100 })).toMatchFileSnapshot(
    '../../docs/events.md',
  );
});

function page(): string {
  const sections = nouns.flatMap((noun) => [
    `## ${noun}`,
    ...types
      .filter((type) => type.startsWith(`${noun}.`))
      .map((type) => {
        const json = JSON.stringify(exampleOf(type)['data'], null, 2);
        return `### ${type}\n\n${EVENT_TYPES[type]!.when}\n\n\`\`\`json\n${json}\n\`\`\``;
      }),
  ]);
  const envelope = JSON.stringify({ ...exampleOf('renewal.paid'), data: '…' }, null, 2);
  const intro = [
    '# Events',
    'Made from `api/schemas/event-types.ts`; do not edit. How they are sent, and how to verify them: [webhooks out](webhooks-out.md).',
    'Every message has this form; what is in `data` follows for each type. Fields may be added: ignore those that you do not know.',
    `\`\`\`json\n${envelope}\n\`\`\``,
  ];
  return `${[...intro, ...sections].join('\n\n')}\n`;
}
