import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { BlackstartError } from '../errors.ts';
import { ansibleConfig, ansibleEnvironment } from './ansible-config.ts';
import {
  judgePlaybook,
  type PlaybookEvent,
  type PlaybookOutcome,
  parsePlaybookEvent,
} from './ansible-events.ts';
import { endsWithUs, lastLines, tryRun } from './run.ts';

export interface PlaybookRun {
  /** The Python environment that holds ansible-core. */
  readonly venv: string;
  readonly playbook: string;
  readonly inventoryFile: string;
  readonly privateKeyFile: string;
  /** The recorded host keys, as lines of a known_hosts file: a host that is not in it is refused. */
  readonly knownHosts: string;
  readonly extraVars: Readonly<Record<string, unknown>>;
  /** A folder of this run's own: its configuration, its log `ansible.log`, what Ansible caches. Made if missing. */
  readonly runDir: string;
  /** Ansible's host pattern; every host of the inventory unless told. */
  readonly limit?: string;
  readonly forks?: number;
}

export interface PlaybookResult extends PlaybookOutcome {
  readonly exitCode: number;
  readonly logFile: string;
  /** What it said last, for a run that failed before its first task. */
  readonly lastWords: string;
}

const EVENTS_FD = 3;

/** Runs a playbook and tells how it went on each host, whatever its end. Rejects only on abort, with `signal.reason`. */
export async function tryPlaybook(
  run: PlaybookRun,
  onEvent: (event: PlaybookEvent) => void,
  signal?: AbortSignal,
): Promise<PlaybookResult> {
  signal?.throwIfAborted();
  const controlDir = await mkdtemp(join(tmpdir(), 'bs-cp-'));
  try {
    await writeRunFiles(run, controlDir);
    return await execute(run, onEvent, signal);
  } finally {
    await closeControlMasters(controlDir);
  }
}

/** Runs a playbook that must succeed; throws E_PLAYBOOK with the first host and task that failed. */
export async function runPlaybook(
  run: PlaybookRun,
  onEvent: (event: PlaybookEvent) => void,
  signal?: AbortSignal,
): Promise<PlaybookResult> {
  const result = await tryPlaybook(run, onEvent, signal);
  if (!result.ok) throw playbookFailed(run, result);
  return result;
}

async function writeRunFiles(run: PlaybookRun, controlDir: string): Promise<void> {
  await mkdir(join(run.runDir, 'home'), { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => writeFile(join(run.runDir, name), text, { mode: 0o600 });
  await write('ansible.cfg', ansibleConfig({ runDir: run.runDir, controlDir, forks: run.forks ?? 25 }));
  await write('known_hosts', run.knownHosts);
  await write('extra-vars.json', JSON.stringify(run.extraVars));
}

async function execute(
  run: PlaybookRun,
  onEvent: (event: PlaybookEvent) => void,
  signal?: AbortSignal,
): Promise<PlaybookResult> {
  const logFile = join(run.runDir, 'ansible.log');
  const child = execa(...endsWithUs(join(run.venv, 'bin/ansible-playbook'), playbookArgs(run)), {
    cwd: run.runDir,
    env: ansibleEnvironment(run.venv, run.runDir, EVENTS_FD),
    extendEnv: false,
    reject: false,
    all: true,
    buffer: false, // A run over many hosts says more than memory should hold; the log file has it.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    forceKillAfterDelay: 5_000,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  const logged = pipeline(child.all, createWriteStream(logFile, { mode: 0o600 })).catch(() => {});
  const events: PlaybookEvent[] = [];
  for await (const line of child.iterable({ from: `fd${EVENTS_FD}` })) {
    const event = parsePlaybookEvent(line);
    if (!event) continue;
    events.push(event);
    onEvent(event);
  }
  const { exitCode = 127, originalMessage = '' } = await child;
  await logged;
  signal?.throwIfAborted();
  const outcome = judgePlaybook(events);
  const lastWords = lastLines((await readFile(logFile, 'utf8')) || originalMessage, 12);
  return { ...outcome, ok: outcome.ok && exitCode === 0, exitCode, logFile, lastWords };
}

const playbookArgs = (run: PlaybookRun): string[] => [
  ...['--inventory', run.inventoryFile],
  ...['--private-key', run.privateKeyFile],
  ...['--extra-vars', `@${join(run.runDir, 'extra-vars.json')}`],
  ...(run.limit === undefined ? [] : ['--limit', run.limit]),
  run.playbook,
];

/** Ansible leaves ssh masters running for their time to live; a run that ended leaves none. */
async function closeControlMasters(controlDir: string): Promise<void> {
  const sockets = await readdir(controlDir).catch(() => []);
  for (const socket of sockets)
    await tryRun('ssh', ['-o', `ControlPath=${join(controlDir, socket)}`, '-O', 'exit', 'any'], {
      timeoutMs: 5_000,
    });
  await rm(controlDir, { recursive: true, force: true });
}

function playbookFailed(run: PlaybookRun, result: PlaybookResult): BlackstartError {
  const { firstFailure } = result;
  const what = firstFailure
    ? `"${firstFailure.task}" failed on ${firstFailure.host}: ${firstFailure.message || 'no message'}`
    : result.exitCode === 0
      ? 'no host was matched'
      : `ansible-playbook ended with exit code ${result.exitCode}: ${result.lastWords}`;
  return new BlackstartError('E_PLAYBOOK', `the playbook ${run.playbook}: ${what}`, {
    remedy: `Read ${result.logFile}, mend the cause and run it again: what was done stays done.`,
  });
}
