import { vi } from 'vitest';

// Loaded before every test file. A test waits until something is so; how long that takes is the machine's affair, and
// vitest's own limit of one second is too little for one that is busy.
const LIMIT_MS = 60_000;
const waitFor = vi.waitFor;

vi.waitFor = (callback, options = {}) =>
  waitFor(callback, { timeout: LIMIT_MS, ...(typeof options === 'number' ? { timeout: options } : options) });
