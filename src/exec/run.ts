import { execa } from 'execa';
import { BlackstartError } from '../errors.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Called with each line of standard output and standard error, for a task list or a log. */
  readonly onLine?: (line: string) => void;
  /** Ends the program after this long. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * What a program is started through: it is told to end when this process does, also when that is killed. Otherwise an
 * orphan would go on writing where the next life of the seed begins anew. Its own children may live a little longer.
 */
export const endsWithUs = (program: string, args: readonly string[]): [string, string[]] => [
  '/usr/bin/setpriv',
  ['--pdeathsig', 'TERM', '--', program, ...args],
];

/** Runs a program to its end and returns what it said, whatever its exit code. Throws only on abort. */
export async function tryRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const child = execa(...endsWithUs(program, args), {
    reject: false,
    all: true,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    maxBuffer: 16 * 1024 * 1024,
    forceKillAfterDelay: 5_000,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: options.env } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    ...(options.timeoutMs ? { timeout: options.timeoutMs } : {}),
  });
  if (options.onLine) void forwardLines(child.iterable({ from: 'all' }), options.onLine);
  const result = await child;
  options.signal?.throwIfAborted();
  const failedToStart =
    result.exitCode === undefined && !result.isTerminated ? `${result.originalMessage ?? ''}` : '';
  return {
    exitCode: result.exitCode ?? 127,
    stdout: result.stdout,
    stderr: `${result.stderr ?? ''}${failedToStart}`,
  };
}

/** Runs a program that must succeed; a failure is a BlackstartError with the end of what it printed. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await tryRun(program, args, options);
  if (result.exitCode !== 0) throw programFailed(program, args, result);
  return result;
}

/** Runs a program on this terminal, as if it had been typed here, and returns its exit code. An abort interrupts it. */
export async function runShown(
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const child = execa(...endsWithUs(program, args), {
    reject: false,
    stdio: 'inherit',
    forceKillAfterDelay: 30_000,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  const result = await child;
  signal?.throwIfAborted();
  return result.exitCode ?? 127;
}

async function forwardLines(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) onLine(String(line));
  } catch {
    // The program's own failure is reported by its exit code.
  }
}

const programFailed = (program: string, args: readonly string[], result: RunResult) =>
  new BlackstartError(
    'E_PROGRAM_FAILED',
    `"${[program, ...args].join(' ')}" ended with exit code ${result.exitCode}`,
    {
      remedy: `It said: ${lastLines(result.stderr || result.stdout, 12) || '(nothing)'}`,
    },
  );

/** The last `count` lines of a program's output, which is where it says why it failed. */
export const lastLines = (text: string, count: number): string =>
  text.trimEnd().split('\n').slice(-count).join('\n');
