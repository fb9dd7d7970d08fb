import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { BlackstartError, reasonOf } from '../errors.ts';

/**
 * Starts a program that outlives this process, in a process group of its own, with its output appended to `logFile`
 * (0600). Returns its pid. Nothing waits for it: whoever starts it records the pid and ends it. Node's own spawn:
 * execa pipes a log file through the parent, which here may die first.
 */
export async function startDetached(
  program: string,
  args: readonly string[],
  logFile: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<number> {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const env = { ...process.env, ...options.env };
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env,
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    await once(child, 'spawn');
    child.unref();
    return child.pid as number;
  } catch (cause) {
    throw new BlackstartError('E_PROGRAM_MISSING', `cannot start ${program}: ${reasonOf(cause)}`, {
      remedy: `Install ${program}, or put it on the PATH.`,
      cause,
    });
  } finally {
    closeSync(log);
  }
}
