import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { lastLines } from '../exec/run.ts';
import { QMP_FD, SERIAL_FD } from './qemu-argv.ts';
import { Qmp } from './qmp.ts';

/** How a QEMU ended: by its own SHUTDOWN event, or, with reason null, without a word on its control line. */
export interface QemuEnd {
  /** `guest-reset`, `guest-shutdown`, `host-qmp-quit`, … (QEMU's ShutdownCause). */
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly stderr: string;
}

export interface QemuProcess {
  readonly pid: number | undefined;
  readonly serial: Duplex;
  readonly qmp: Qmp;
  readonly ended: Promise<QemuEnd>;
  /** Ends it as pulling the plug would; QEMU gets a moment to write its disk's own tables. */
  stop(): Promise<void>;
}

const QUIT_LIMIT_MS = 5_000;
const STDERR_LIMIT = 16 * 1024;

/**
 * Starts a QEMU that ends with this process, however that ends: the kernel sends it SIGKILL (setpriv's
 * `--pdeathsig`). Its control and serial lines are inherited sockets, so that no byte of the console is lost
 * and no socket file is left behind.
 */
export function startQemu(args: readonly string[]): QemuProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  let reason: string | null = null;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  const serial = child.stdio[SERIAL_FD] as unknown as Duplex;
  serial.on('error', () => {}); // the end of QEMU is told by `ended`
  const qmp = new Qmp(child.stdio[QMP_FD] as unknown as Duplex, ({ event, data }) => {
    if (event === 'SHUTDOWN') reason = String(data?.['reason']);
  });
  const ended = new Promise<QemuEnd>((resolve) => {
    child.on('error', (error) => resolve({ reason: null, exitCode: null, stderr: error.message }));
    child.on('close', (exitCode) => resolve({ reason, exitCode, stderr: lastLines(stderr, 5) }));
  });
  const stop = async () => {
    qmp.execute('quit').catch(() => {});
    const timer = setTimeout(() => child.kill('SIGKILL'), QUIT_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  };
  return { pid: child.pid, serial, qmp, ended, stop };
}
