import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryRun } from '../../src/exec/run.ts';
import type { Wire } from '../wire.ts';

export const WRK_PACKAGE = { package: 'wrk', program: '/usr/bin/wrk' } as const;

/** What wrk counted of one run. */
export interface Load {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Answers that were no 200, and broken connections. */
  readonly failures: number;
}

interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
}

/** Prints what it counted as JSON: its own text rounds. */
const SCRIPT = `
done = function(s, latency, requests)
  local e = s.errors
  io.write(string.format('JSON {"requests": %d, "bytes": %d, "micros": %d, "failures": %d}\\n',
    s.requests, s.bytes, s.duration, e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** Asks for one file over and over, on kept-alive connections, by one thread. */
export async function load(wire: Wire, url: string, options: LoadOptions): Promise<Load> {
  const { connections, seconds } = options;
  const script = join(wire.folder, 'count.lua');
  await writeFile(script, SCRIPT);
  const command = [
    ...['netns', 'exec', wire.client.namespace, WRK_PACKAGE.program, '--script', script],
    ...['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`],
    ...['--timeout', '30s', url],
  ];
  const { stdout, stderr } = await tryRun('ip', command, { timeoutMs: 120_000 });
  const json = /^JSON (.*)$/m.exec(stdout)?.[1];
  if (json === undefined) throw new Error(`wrk said: ${stderr || stdout}`);
  const { requests, bytes, micros, failures } = JSON.parse(json) as Record<string, number>;
  return {
    requests: requests ?? 0,
    bytes: bytes ?? 0,
    seconds: (micros ?? 0) / 1e6,
    failures: failures ?? 0,
  };
}
