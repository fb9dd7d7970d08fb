import type { FakeHost } from './fake-host.ts';

interface ShellAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const BYTES_PER_GIB = 1024 ** 3;

/** What the installed system prints for each simple command that somebody may ask of it. */
const answers = (host: Pick<FakeHost, 'spec'>, hostname: string): Readonly<Record<string, string>> => ({
  true: '',
  hostname: `${hostname}\n`,
  'hostname -f': `${hostname}\n`,
  'uname -r': '6.1.0-simulated\n',
  'cat /etc/hostname': `${hostname}\n`,
  'cat /etc/os-release': 'PRETTY_NAME="Simulated Linux"\nNAME="Simulated Linux"\nID=simulated\n',
  'cat /sys/class/dmi/id/product_uuid': `${host.spec.uuid.toLowerCase()}\n`,
  'cat /sys/class/dmi/id/product_serial': `${host.spec.serial}\n`,
  'cat /run/cloud-init/result.json': '{"v1": {"datasource": "DataSourceConfigDrive", "errors": []}}\n',
  'lsblk -J -b -o NAME,TYPE,SERIAL,SIZE,MOUNTPOINTS': `${JSON.stringify(lsblk(host))}\n`,
});

function lsblk({ spec }: Pick<FakeHost, 'spec'>) {
  const size = spec.diskGib * BYTES_PER_GIB;
  const partition = (name: string, bytes: number, mountpoint: string | null) => ({
    name,
    type: 'part',
    serial: null,
    size: bytes,
    mountpoints: [mountpoint],
  });
  const children = [partition('vda1', size - 64 * 1024 ** 2, '/'), partition('vda2', 64 * 1024 ** 2, null)];
  const disk = { name: 'vda', type: 'disk', serial: spec.diskSerial, size, mountpoints: [null], children };
  return { blockdevices: [disk] };
}

/**
 * Answers a command line as a shell would that knows a handful of commands: alternatives by `||` in turn, redirections
 * to /dev/null and `sudo -n` dropped, 127 for everything else. Nothing is run.
 */
export function answerCommand(command: string, host: Pick<FakeHost, 'spec'>, hostname: string): ShellAnswer {
  const known = answers(host, hostname);
  for (const alternative of command.split('||')) {
    const simple = alternative
      .replaceAll(/\s*2?>\s*\/dev\/null/g, '')
      .replace(/^\s*sudo (-n )?/, '')
      .trim();
    const stdout = Object.hasOwn(known, simple) ? known[simple] : undefined;
    if (stdout !== undefined) return { exitCode: 0, stdout, stderr: '' };
  }
  return { exitCode: 127, stdout: '', stderr: `sh: 1: ${command.split(' ')[0]}: not found\n` };
}
