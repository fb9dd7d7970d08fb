import { defineConfig } from 'vitest/config';

/** Three tiers: `unit` needs nothing, `host` needs root and Debian packages, `rack` boots virtual machines. */
export default defineConfig({
  test: {
    // Golden files are compared; BLACKSTART_REFRESH=1 writes them anew.
    update: process.env['BLACKSTART_REFRESH'] === '1' ? 'all' : 'none',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/host/**', 'test/rack/**'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'rack',
          include: ['test/rack/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
