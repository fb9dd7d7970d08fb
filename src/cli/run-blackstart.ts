import { BlackstartError } from '../errors.ts';
import { lastLines, runShown, tryRun } from '../exec/run.ts';
import { launcher } from './launcher.ts';

interface RunOptions {
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** On this terminal, as if the operator had typed it. */
  readonly show?: boolean;
}

/** Runs one of our own public commands as an operator would, in a process of its own. */
export async function runBlackstart(
  args: readonly string[],
  { signal, onLine, show = false }: RunOptions,
): Promise<void> {
  const [node = '', ...before] = launcher();
  const command = [...before, ...args];
  const exitCode = show
    ? await runShown(node, command, signal)
    : await quietly(node, command, signal, onLine);
  if (exitCode === 0) return;
  throw new BlackstartError('E_REHEARSAL', `"blackstart ${args[0]}" ended with exit code ${exitCode}`, {
    remedy: 'What it said is above; run the rehearsal with --keep to look around.',
  });
}

async function quietly(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  onLine?: (line: string) => void,
): Promise<number> {
  const result = await tryRun(program, args, { signal, ...(onLine ? { onLine } : {}) });
  if (result.exitCode !== 0)
    throw new BlackstartError('E_REHEARSAL', lastLines(result.stderr || result.stdout, 12), {
      remedy: 'See what it says above.',
    });
  return result.exitCode;
}
