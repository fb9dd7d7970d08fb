import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SITE_PACKAGES } from './python-agent.ts';
import { artefactFile } from './template-file.ts';

interface RamdiskFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** The files of our own in the ramdisk: its first program, the DHCP script, the agent's configuration and collector. */
export async function ramdiskFiles(): Promise<readonly RamdiskFile[]> {
  const file = async (name: string, path: string, mode: number) => ({
    path,
    mode,
    text: await artefactFile(name),
  });
  return Promise.all([
    file('ramdisk-init.sh', 'init', 0o755),
    file('udhcpc-script.sh', 'usr/local/sbin/udhcpc-script', 0o755),
    file('ironic-python-agent.py', 'usr/local/sbin/ironic-python-agent', 0o755),
    file('blackstart_agent.py', `${SITE_PACKAGES}/blackstart_agent.py`, 0o644),
    file(
      'blackstart_agent-entry_points.txt',
      `${SITE_PACKAGES}/blackstart_agent-1.dist-info/entry_points.txt`,
      0o644,
    ),
    file('blackstart_agent-METADATA', `${SITE_PACKAGES}/blackstart_agent-1.dist-info/METADATA`, 0o644),
    file('agent.conf', 'etc/ironic-python-agent.d/blackstart.conf', 0o644),
  ]);
}

/** Puts them in, with the links that a root without a package manager lacks. */
export async function writeRamdiskFiles(root: string, files: readonly RamdiskFile[]): Promise<void> {
  for (const { path, text, mode } of files) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
    await chmod(join(root, path), mode);
  }
  await rm(join(root, 'etc/resolv.conf'), { force: true });
  await symlink('/run/resolv.conf', join(root, 'etc/resolv.conf'));
  for (const applet of ['poweroff', 'reboot']) {
    const program = join(root, 'usr/sbin', applet);
    await rm(program, { force: true });
    // By force: the first program is a shell script, which would not hear a polite request, and Ironic would wait two
    // minutes for each machine before it pulls the plug. Without -n it syncs the disks.
    await writeFile(program, `#!/bin/sh\nexec /usr/bin/busybox ${applet} -f\n`);
    await chmod(program, 0o755);
  }
}
