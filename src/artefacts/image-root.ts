import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../exec/run.ts';
import { renderTemplate } from '../render/template.ts';
import type { Report } from './cache.ts';
import {
  DEBIAN_RELEASE,
  debianSources,
  installDebianRoot,
  type KernelFlavour,
  removeFrom,
} from './debian-root.ts';
import { copyGrubModules } from './grub.ts';
import {
  IMAGE_EXCLUDED_PATHS,
  IMAGE_MASKED_GENERATORS,
  IMAGE_MASKED_UNITS,
  IMAGE_NOT_SHARED,
  IMAGE_UNITS,
  KERNEL_ARGUMENTS,
} from './image-contents.ts';
import { artefactFile } from './template-file.ts';

/** The files of the image that are used as they stand: template, path in the root. */
const PLAIN_FILES = [
  ['image/cloud.cfg', 'etc/cloud/cloud.cfg.d/90_blackstart.cfg'],
  ['image/repart.conf', 'etc/repart.d/50-root.conf'],
  ['image/wait-online.conf', 'etc/systemd/system/systemd-networkd-wait-online.service.d/blackstart.conf'],
  ['image/resolved.conf', 'etc/systemd/system/systemd-resolved.service.d/blackstart.conf'],
  ['image/udev-trigger.conf', 'etc/systemd/system/systemd-udev-trigger.service.d/blackstart.conf'],
  ['image/sshd.conf', 'etc/ssh/sshd_config.d/blackstart.conf'],
] as const;
const RENDERED_FILES = [
  'image/fstab.njk',
  'image/grub-early.cfg.njk',
  'image/grub.cfg.njk',
  'image/grub-default.njk',
];
const INITRAMFS_FILES = [
  ['image/initramfs.conf', 'etc/initramfs-tools/conf.d/blackstart'],
  ['image/initramfs-modules', 'usr/share/initramfs-tools/modules.d/blackstart'],
] as const;

/** Every template that decides what the image is, for its content hash. */
export const IMAGE_TEMPLATES: readonly string[] = [
  ...PLAIN_FILES.map(([name]) => name),
  ...INITRAMFS_FILES.map(([name]) => name),
  ...RENDERED_FILES,
];

/** Installs the image's packages, with what its initramfs is made by in place before the kernel comes. */
export async function installSystem(
  root: string,
  dir: string,
  kernel: KernelFlavour,
  packages: readonly string[],
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const overlay = join(dir, 'overlay');
  // A real server's controllers are many: its initramfs takes the usual modules, with everything found at boot.
  const small = kernel === 'cloud';
  if (small)
    for (const [name, path] of INITRAMFS_FILES) await writeInto(overlay, path, await artefactFile(name));
  report(
    `installing Debian ${DEBIAN_RELEASE} for the machine image (${packages.length} packages and what they need)`,
  );
  await installDebianRoot(
    {
      variant: 'apt',
      packages,
      sources: await debianSources(kernel),
      ...(small ? { essentialHook: `cp -r '${overlay}'/* "$1"` } : {}),
      excludePaths: IMAGE_EXCLUDED_PATHS,
    },
    root,
    report,
    signal,
  );
}

/** Turns an installed root into the image's: its own files, units and boot menu, and nothing that machines must not share. */
export async function configureRoot(root: string, rootUuid: string): Promise<void> {
  const view = { rootUuid, kernelArguments: KERNEL_ARGUMENTS };
  for (const [name, path] of PLAIN_FILES) await writeInto(root, path, await artefactFile(name));
  await writeInto(root, 'etc/fstab', renderTemplate('artefacts/image/fstab.njk', view));
  await writeInto(root, 'etc/default/grub', renderTemplate('artefacts/image/grub-default.njk', view));
  await writeInto(root, 'boot/grub/grub.cfg', renderTemplate('artefacts/image/grub.cfg.njk', view));
  await mkdir(join(root, 'boot/efi'), { recursive: true });
  await copyGrubModules(root, 'i386-pc');
  await copyGrubModules(root, 'x86_64-efi');
  await run('chroot', [root, 'systemctl', 'enable', ...IMAGE_UNITS]);
  await run('chroot', [root, 'systemctl', 'mask', ...IMAGE_MASKED_UNITS]);
  for (const name of IMAGE_MASKED_GENERATORS)
    await linkInto(root, `etc/systemd/system-generators/${name}`, '/dev/null');
  await linkInto(
    root,
    'etc/systemd/system/multi-user.target.wants/cloud-init.target',
    '/lib/systemd/system/cloud-init.target',
  );
  await run('chroot', [root, 'passwd', '--lock', 'root']);
  await removeFrom(root, IMAGE_NOT_SHARED);
  await mkdir(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
  await mkdir(join(root, 'var/cache/debconf'), { recursive: true });
  // Empty, not absent: systemd then makes an identity of its own without treating the boot as an unset-up system's.
  await writeInto(root, 'etc/machine-id', '');
  await linkInto(root, 'etc/resolv.conf', '/run/systemd/resolve/stub-resolv.conf');
}

async function writeInto(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o755 });
  await writeFile(join(root, path), text);
  await chmod(join(root, path), 0o644); // Whatever the operator's umask.
}

async function linkInto(root: string, path: string, target: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(target, join(root, path));
}
