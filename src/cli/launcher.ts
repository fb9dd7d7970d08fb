import { fileURLToPath } from 'node:url';

/** How this very program is started again, by the same Node: for the seed and the rack of a rehearsal. */
export const launcher = (): string[] => [
  process.execPath,
  ...process.execArgv,
  fileURLToPath(new URL('../main.ts', import.meta.url)),
];
