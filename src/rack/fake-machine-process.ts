import { type ChildProcess, spawn } from 'node:child_process';
import { lastLines, run, tryRun } from '../exec/run.ts';
import {
  type BootOrder,
  FAKE_NIC,
  type FromFakeMachine,
  type ToFakeMachine,
} from './fake-machine-protocol.ts';

const MAIN = new URL('./fake-machine-main.ts', import.meta.url).pathname;
/** Stripping types is experimental to this Node; its warning is not the machine's last word. */
const QUIET = '--disable-warning=ExperimentalWarning';
const STDERR_LIMIT = 16 * 1024;

interface Ended {
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** A simulated machine whose power is on. */
export interface FakeMachineProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<Ended>;
  press(then: 'poweroff' | 'reboot'): void;
  /** Pulls the plug. Resolves when the process is gone and its cable removed. */
  kill(): Promise<void>;
}

/** The rack's end of the machine's cable: beside the tap, which only QEMU could use. */
const cableName = (tap: string): string => `fake-${tap}`;

/**
 * Starts the process in a network namespace of its own, which ends with it, plugs its cable into the switch `prov`
 * and presses the power button. It ends with the rack's process, however that ends (setpriv's `--pdeathsig`).
 */
export async function startFakeMachine(
  order: BootOrder,
  tap: string,
  onMessage: (message: FromFakeMachine) => void,
): Promise<FakeMachineProcess> {
  const command = ['--pdeathsig', 'KILL', '--', 'unshare', '--net', '--', process.execPath, QUIET, MAIN];
  const child = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const ended = untilEnded(child);
  try {
    await untilReady(child, ended);
    await plugIn(order.spec.mac, tap, child.pid ?? 0);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  child.on('message', onMessage);
  child.send({ kind: 'boot', order } satisfies ToFakeMachine);
  return {
    pid: child.pid,
    ended,
    press: (then) => {
      if (child.connected) child.send({ kind: 'power-button', then } satisfies ToFakeMachine);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
      await unplug(tap);
    },
  };
}

function untilEnded(child: ChildProcess): Promise<Ended> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ exitCode: null, stderr: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode, stderr: lastLines(stderr, 12) }));
  });
}

/** The first message, which says that the namespace is there. */
function untilReady(child: ChildProcess, ended: Promise<Ended>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    void ended.then(({ stderr }) => reject(new Error(`the machine's process ended at once: ${stderr}`)));
  });
}

async function plugIn(mac: string, tap: string, pid: number): Promise<void> {
  await unplug(tap);
  const name = cableName(tap);
  await run('ip', [
    'link',
    'add',
    name,
    'type',
    'veth',
    'peer',
    'name',
    FAKE_NIC,
    'address',
    mac,
    'netns',
    `${pid}`,
  ]);
  await run('ip', ['link', 'set', name, 'master', 'prov', 'addrgenmode', 'none', 'up']);
}

/** The kernel removes a dead namespace's links only some time later; the name is needed for the next boot. */
const unplug = (tap: string) => tryRun('ip', ['link', 'del', cableName(tap)]);
