import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/exec/run.ts';
import { startIn } from '../process.ts';
import type { Wire } from '../wire.ts';
import { MAX_CLIENTS } from './load.ts';
import type { TftpSubject } from './tftp-subject.ts';

const UNPACKED = join(tmpdir(), 'blackstart-bench-peers');

/** The two cannot be installed together, and would start at once: they are fetched by apt and only unpacked. */
async function unpack(name: string, program: string): Promise<string> {
  const folder = join(UNPACKED, name);
  const path = join(folder, 'root', program);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  await run('apt-get', ['download', name], { cwd: folder, timeoutMs: 120_000 });
  const [archive] = readdirSync(folder).filter((file) => file.endsWith('.deb'));
  await run('dpkg', ['-x', archive ?? '', 'root'], { cwd: folder, timeoutMs: 60_000 });
  return path;
}

const inSeed = (wire: Wire, folder: string, command: [string, ...string[]]) =>
  startIn(wire.server.namespace, command, { logFile: join(folder, 'server.log') });

/** A process for each transfer. */
export const TFTPD_HPA: TftpSubject = {
  name: 'tftpd-hpa',
  windows: false,
  async start(wire, folder) {
    const program = await unpack('tftpd-hpa', 'usr/sbin/in.tftpd');
    const at = `${wire.server.address}:69`;
    const options = ['-4', '--foreground', '--user', 'root', '--secure', '--address', at];
    return inSeed(wire, folder, [program, ...options, join(folder, 'served')]);
  },
};

/** A thread for each transfer. */
export const ATFTPD: TftpSubject = {
  name: 'atftpd',
  windows: true,
  async start(wire, folder) {
    const program = await unpack('atftpd', 'usr/sbin/atftpd');
    const options = ['--daemon', '--no-fork', '--user', 'root', '--group', 'root', '--verbose=0'];
    const limits = ['--maxthread', String(2 * MAX_CLIENTS), '--logfile', join(folder, 'atftpd.log')];
    const at = ['--bind-address', wire.server.address];
    return inSeed(wire, folder, [program, ...options, ...limits, ...at, join(folder, 'served')]);
  },
};

/** One loop for all of them. */
export const DNSMASQ: TftpSubject = {
  name: 'dnsmasq',
  windows: false,
  start: (wire, folder) =>
    inSeed(wire, folder, [
      '/usr/sbin/dnsmasq',
      '--conf-file=/dev/null',
      '--keep-in-foreground',
      '--log-facility=-',
      '--quiet-tftp',
      '--user=root',
      '--port=0',
      `--interface=${wire.server.interface}`,
      '--bind-interfaces',
      '--enable-tftp',
      `--tftp-root=${join(folder, 'served')}`,
      `--tftp-max=${2 * MAX_CLIENTS}`,
      `--pid-file=${join(folder, 'pid')}`,
    ]),
};

/** npm's `tftp` 0.1.2, the baseline that was asked for. */
export const NPM_TFTP: TftpSubject = {
  name: 'npm tftp',
  windows: true,
  start: (wire, folder) =>
    inSeed(wire, folder, [
      process.execPath,
      join(import.meta.dirname, 'npm-tftp-main.ts'),
      wire.server.address,
      join(folder, 'served'),
    ]),
};
