import { defineConfig } from 'vitest/config';

/** Waiting has a limit, which a busy machine does not reach. */
const patient = { setupFiles: ['test/patience.ts'], expect: { poll: { timeout: 60_000 } } };

/** The `faults` tier: whole bring-ups of simulated machines, killed and misled, with the machine to themselves. */
const FAULTS = ['test/host/crash-points.test.ts', 'test/host/bring-up-errors.test.ts'];

/** Tiers: `unit` needs nothing, `host` needs root and Debian packages, `rack` boots virtual machines. */
export default defineConfig({
  test: {
    // Golden files are compared; BLACKSTART_REFRESH=1 writes them anew.
    update: process.env['BLACKSTART_REFRESH'] === '1' ? 'all' : 'none',
    projects: [
      {
        test: {
          ...patient,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/host/**', 'test/rack/**', 'test/interop/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...patient,
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          exclude: FAULTS,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2, // They mostly wait, and no two files share a name or an address.
        },
      },
      {
        test: {
          ...patient,
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...patient,
          name: 'faults',
          include: FAULTS,
          testTimeout: 1_200_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...patient,
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
