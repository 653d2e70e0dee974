import { defineConfig } from 'vitest/config';
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/red/**/*.test.ts'],
    globalSetup: 'test/support/servers.ts',
    testTimeout: 40_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
