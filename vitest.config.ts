import { defineConfig } from 'vitest/config';

/** `pure` needs nothing but Node; `system` runs on a real PostgreSQL and a real Temporal server. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          include: [
            'test/{domain,emulators,gateways,embedded}/**/*.test.ts',
            'test/{architecture,config}.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/{workflows,activities,api,prisma,temporal,replay,crash}/**/*.test.ts'],
          globalSetup: 'test/support/servers.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
