import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { endsWithUs, lastLines } from '../src/exec/run.ts';

/** A server under test. It ends with this process. */
export interface BenchProcess {
  readonly pid: number;
  /** CPU time used so far, user and system, of all threads, in µs. 10 ms fine: proc(5), stat. */
  cpuMicros(): number;
  /** The most memory it has had so far, in MiB. */
  peakMemoryMib(): number;
  /** Whether it has ended by itself. */
  hasEnded(): boolean;
  /** The end of what it printed. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const TICK_MICROS = 10_000;
const STOP_LIMIT_MS = 10_000;

/** Starts a program within a network namespace, with its output in `logFile`; not waited for until it answers. */
export async function startIn(
  namespace: string,
  command: readonly [string, ...string[]],
  { logFile, env = {} }: { readonly logFile: string; readonly env?: Readonly<Record<string, string>> },
): Promise<BenchProcess> {
  const log = openSync(logFile, 'w', 0o600);
  const [program, args] = endsWithUs('ip', ['netns', 'exec', namespace, ...command]);
  const child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  closeSync(log);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    hasEnded,
    cpuMicros: () => cpuTicks(pid) * TICK_MICROS,
    peakMemoryMib: () =>
      Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024),
    output: () => lastLines(readFileSync(logFile, 'utf8'), 12),
    async stop(signal = 'SIGTERM') {
      if (hasEnded()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** setpriv, ip and the program follow each other by exec: one pid. Its children, if any, are not counted. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
