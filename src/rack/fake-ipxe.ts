import { ipxeCommands, readImageArguments } from './fake-ipxe-commands.ts';
import { expandSettings, type IpxeScript, type IpxeStatement, readScript } from './fake-ipxe-script.ts';
import type { IpxeEnd, IpxeOutcome, IpxeState, IpxeWorld } from './fake-ipxe-world.ts';

const MAX_DEPTH = 8;
const MAX_STATEMENTS = 20_000;

/**
 * Runs an iPXE script that was fetched from `url`. Knows the commands that this project's scripts and Ironic's
 * `ipxe_config.template` and `boot.ipxe` use; any other fails as a mistyped one does.
 */
export async function runIpxe(text: string, url: string, world: IpxeWorld): Promise<IpxeEnd> {
  const state: IpxeState = { world, baseUrl: url, kernel: null, initrds: [], depth: 0, statements: 0 };
  const outcome = await runScript({ text, url }, state);
  return typeof outcome === 'object' ? outcome : { kind: 'exit', code: outcome === 'ok' ? 0 : 1 };
}

/** What comes of a line: also a jump, the end of this script, or another script in its place. */
type LineOutcome =
  | IpxeOutcome
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'leave'; readonly code: number }
  | { readonly kind: 'replace'; readonly by: FetchedScript };

interface FetchedScript {
  readonly text: string;
  readonly url: string;
}

/** Runs a script, and those that take its place by `chain --replace`. */
async function runScript(first: FetchedScript, state: IpxeState): Promise<IpxeOutcome> {
  if (state.depth >= MAX_DEPTH) return { kind: 'hang', reason: 'scripts chain each other without end' };
  const outerUrl = state.baseUrl;
  state.depth += 1;
  try {
    for (let script = first; ; ) {
      if (!script.text.startsWith('#!ipxe')) return 'fail';
      state.baseUrl = script.url;
      const outcome = await runLines(readScript(script.text), state);
      if (typeof outcome !== 'object' || outcome.kind !== 'replace') return outcome;
      script = outcome.by;
    }
  } finally {
    state.baseUrl = outerUrl;
    state.depth -= 1;
  }
}

/** A script ends at its last line, at `exit`, or at a line that fails (ipxe.org/scripting). */
async function runLines(
  { lines, labels }: IpxeScript,
  state: IpxeState,
): Promise<IpxeOutcome | Extract<LineOutcome, { kind: 'replace' }>> {
  let at = 0;
  while (at < lines.length) {
    const outcome = await runLine(lines[at] ?? [], state);
    if (outcome === 'fail') return 'fail';
    if (outcome === 'ok') {
      at += 1;
    } else if (outcome.kind === 'goto') {
      const target = labels.get(outcome.label);
      if (target === undefined) return 'fail';
      at = target;
    } else if (outcome.kind === 'leave') {
      return outcome.code === 0 ? 'ok' : 'fail';
    } else {
      return outcome;
    }
  }
  return 'ok';
}

/** `a || b && c`: each statement is run or skipped by what came of the one before. */
async function runLine(statements: readonly IpxeStatement[], state: IpxeState): Promise<LineOutcome> {
  let outcome: 'ok' | 'fail' = 'ok';
  for (const { when, words } of statements) {
    if ((when === 'and' && outcome === 'fail') || (when === 'or' && outcome === 'ok')) continue;
    state.statements += 1;
    if (state.statements > MAX_STATEMENTS) return { kind: 'hang', reason: 'the script loops' };
    const expanded = words.map((word) => expandSettings(word, state.world.settings));
    const result = await runStatement(
      expanded.filter((word) => word !== ''),
      state,
    );
    if (typeof result === 'object') return result;
    outcome = result;
  }
  return outcome;
}

async function runStatement(words: readonly string[], state: IpxeState): Promise<LineOutcome> {
  const [name, ...args] = words;
  if (name === undefined) return 'ok';
  if (name === 'goto') return { kind: 'goto', label: args[0] ?? '' };
  if (name === 'exit') {
    const code = Number(args[0] ?? 0);
    return state.depth > 1 ? { kind: 'leave', code } : { kind: 'exit', code };
  }
  if (name === 'chain') return chain(args, state);
  const command = ipxeCommands[name];
  if (command) return command(args, state);
  state.world.print(`${name}: command not found`);
  return 'fail';
}

async function chain(args: readonly string[], state: IpxeState): Promise<LineOutcome> {
  const [target] = readImageArguments(args);
  if (target === undefined || !URL.canParse(target, state.baseUrl)) return 'fail';
  const url = new URL(target, state.baseUrl).href;
  const text = await state.world.fetchScript(url);
  if (text === null) return 'fail';
  if (args.includes('--replace') || args.includes('-r')) return { kind: 'replace', by: { text, url } };
  return runScript({ text, url }, state);
}
