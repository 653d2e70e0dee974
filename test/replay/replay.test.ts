/** Histories of runs as they are out there: the code of today must replay every one of them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type ReplayWorkerOptions, Worker } from '@temporalio/worker';
import { describe, expect, inject, test } from 'vitest';

import '../support/quiet.js';

const FOLDER = join(import.meta.dirname, 'histories');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

describe('every recorded history replays', () => {
  test.each(files)('%s', async (file) => {
    await Worker.runReplayHistory(options(), JSON.parse(read(file)), `recorded/${file}`);
  });
});

test('the situations worth keeping are all there', () => {
  expect(files.map((file) => file.replace('.json', ''))).toEqual(
    expect.arrayContaining([
      'delivery-made',
      'delivery-given-up',
      'dispute-lost',
      'dunning-commands',
      'dunning-exhausted',
      'dunning-new-card',
      'dunning-page',
      'dunning-recovered',
      'reconcile-difference',
      'refund-adopted',
      'refund-made',
      'refund-pending',
      'renewal-canceled',
      'renewal-debit-announced',
      'renewal-declined',
      'renewal-failed-over',
      'renewal-not-yet',
      'renewal-outage',
      'renewal-paid',
      'renewal-parked',
      'renewal-pending',
    ]),
  );
});

test('a change of the story is noticed: a history with two steps swapped does not replay', async () => {
  const history = JSON.parse(read('renewal-paid.json')) as {
    events: Record<string, { activityType: { name: string } } | undefined>[];
  };
  const [first, second] = history.events
    .map((event) => event['activityTaskScheduledEventAttributes'])
    .filter((attributes) => attributes !== undefined);
  [first!.activityType, second!.activityType] = [second!.activityType, first!.activityType];
  await expect(Worker.runReplayHistory(options(), history, 'swapped')).rejects.toThrow();
});

function options(): ReplayWorkerOptions {
  return { workflowBundle: { codePath: inject('storiesPath') } };
}

function read(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}
