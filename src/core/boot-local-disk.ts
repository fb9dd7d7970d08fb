import { archOf } from '../wire/arch.ts';
import type { BootClient, BootDecision, BootPolicy, LocalDiskForm } from './boot-decision.ts';
import type { BootNode, LocalDiskChoice } from './boot-node.ts';
import { bootPath } from './boot-urls.ts';

/** Sends a machine to its local disk, in the form that whoever asks understands. */
export function localDisk(
  client: BootClient,
  node: BootNode | null,
  policy: BootPolicy,
  reason: string,
): BootDecision {
  const form = formFor(client, node?.localDisk ?? 'auto');
  const url =
    form === 'script'
      ? policy.httpUrl + bootPath.script(client.arch, client.mac)
      : form === 'http-404'
        ? policy.httpUrl + bootPath.nothing
        : null;
  return { kind: 'local-disk', form, url, reason };
}

function formFor(client: BootClient, choice: LocalDiskChoice): LocalDiskForm {
  const { firmware } = archOf(client.arch);
  if (client.stage === 'script')
    return client.kind === 'GRUB' ? grubForm(choice) : ipxeForm(choice, firmware);
  if (client.kind === 'iPXE') return 'script';
  if (client.kind === 'HTTPClient') return 'http-404';
  return firmware === 'bios' ? 'no-file' : 'pxe-e21';
}

/** iPXE starts a BIOS disk itself, and leaves UEFI with an error: success would end in OVMF's set-up menu. */
function ipxeForm(choice: LocalDiskChoice, firmware: string): LocalDiskForm {
  if (choice === 'auto') return firmware === 'bios' ? 'sanboot' : 'exit';
  return choice === 'chainload' ? 'exit' : choice;
}

/**
 * GRUB knows no sanboot. It starts the disk's own loader: leaving, whatever the code, ends in OVMF's set-up menu, since
 * Debian's GRUB 2.06 always leaves with success.
 */
const grubForm = (choice: LocalDiskChoice): LocalDiskForm =>
  choice === 'auto' || choice === 'sanboot' ? 'chainload' : choice;
