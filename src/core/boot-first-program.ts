import { archOf } from '../wire/arch.ts';
import { type BootClient, type BootDecision, type BootPolicy, ignore } from './boot-decision.ts';
import { localDisk } from './boot-local-disk.ts';
import type { BootNode } from './boot-node.ts';
import { FIRST_PROGRAMS } from './boot-programs.ts';
import { bootPath } from './boot-urls.ts';
import { isRaspberryPi } from './raspberry-pi.ts';

/** The program that a firmware loads first: iPXE, or where Secure Boot is on Debian's signed shim, which loads GRUB. */
export function firstProgram(
  client: BootClient,
  node: BootNode | null,
  policy: BootPolicy,
  reason: string,
): BootDecision {
  const arch = archOf(client.arch);
  if (isRaspberryPi(client))
    return policy.raspberryPi
      ? { kind: 'raspberry-pi', reason }
      : ignore('a Raspberry Pi, and the site names no folder with files for it');
  const programs = FIRST_PROGRAMS[client.arch];
  const named = `architecture ${client.arch} (${arch.text})`;
  if (programs === undefined) return ignore(`no network boot program for ${named}`);
  const signed = arch.firmware === 'uefi' && (node?.secureBoot ?? policy.secureBoot);
  if (signed && programs.signed === null)
    return localDisk(
      client,
      node,
      policy,
      `${reason}; with Secure Boot by PXE only, so on to the next boot entry`,
    );
  const wanted = signed && programs.signed !== null ? [programs.signed] : programs.open;
  const program = wanted.find((name) => policy.programs.has(name));
  if (program === undefined)
    return ignore(`${named} needs ${wanted.join(' or ')}, which this seed does not have`);
  if (client.kind === 'HTTPClient')
    return { kind: 'http', url: policy.httpUrl + bootPath.program(program), reason };
  if (arch.http) return ignore(`a PXE client that claims ${named}`);
  return { kind: 'tftp', file: program, reason };
}
