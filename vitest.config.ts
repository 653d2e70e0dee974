import { defineConfig } from 'vitest/config';

/** Files share nothing that a test changes: what they load is loaded once per worker, which halves the time. */
const isolate = false;

const system = {
  globalSetup: 'test/support/servers.ts',
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/**
 * `pure` needs nothing but Node; `system` runs on a real PostgreSQL and a real Temporal server; `record` adds
 * histories to those that are replayed.
 */
export default defineConfig({
  test: {
    // System tests mostly wait, for timers and for servers: more of them than cores do so side by side.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: 'pure',
          isolate,
          include: [
            'test/{domain,emulators,gateways,outbound,embedded,notices}/**/*.test.ts',
            'test/{architecture,config,docs}.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'system',
          isolate,
          include: ['test/{workflows,activities,api,prisma,temporal,replay,crash}/**/*.test.ts'],
          ...system,
        },
      },
      { test: { name: 'record', include: ['test/replay/record.ts'], ...system } },
    ],
  },
});
