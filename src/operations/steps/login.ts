import { sameSystemUuid } from '../../core/match.ts';
import { BlackstartError, EXIT } from '../../errors.ts';
import { readMachineFacts } from '../../exec/ssh-facts.ts';
import { untilSsh } from '../../exec/ssh-wait.ts';
import type { Step, StepContext } from './context.ts';

const BOOT_LIMIT_MS = 10 * 60_000;

/**
 * Waits for the deployed system, logs in with the site's key, and checks that it is the machine it should be:
 * hostname, system UUID, and the disk that it runs from.
 */
export const login: Step = async (context) => {
  const { node, profile, site, book, hostKeys, clock, signal } = context;
  const address = context.addressOf(node.name);
  if (address === null) throw noAddress(node.name);
  const target = {
    host: address,
    username: profile.user,
    privateKey: await site.readSecret(site.site.access.privateKey),
    knownHostKey: hostKeys.of(node.name),
  };
  const ssh = await untilSsh(target, { clock, limitMs: BOOT_LIMIT_MS }, signal);
  try {
    const facts = await readMachineFacts(ssh);
    const rootDisk =
      facts.rootDisk === null ? 'no disk' : `${facts.rootDisk.name} ${facts.rootDisk.serial ?? ''}`.trim();
    checkIdentity(context, facts.hostname, facts.systemUuid, facts.rootDisk === null);
    await hostKeys.record(node.name, ssh.hostKey);
    const found = {
      atMs: clock.nowMs(),
      address,
      hostname: facts.hostname,
      systemUuid: facts.systemUuid ?? '',
      rootDisk,
    };
    await book.update(node.name, { login: found });
    return {
      ...found,
      kernel: facts.kernel,
      osRelease: facts.osRelease,
      cloudInitErrors: facts.cloudInitErrors,
    };
  } finally {
    ssh.close();
  }
};

function checkIdentity(
  { node, book }: StepContext,
  hostname: string,
  systemUuid: string | null,
  noDisk: boolean,
): void {
  const recorded = [
    node.uuid,
    book.discoveryOf(node.name)?.identity.systemUuid,
    book.record(node.name).bmc?.systemUuid,
  ].filter((uuid) => uuid != null);
  if (hostname !== node.name) throw wrongMachine(node.name, `its hostname is "${hostname}"`);
  if (recorded.length > 0 && !recorded.some((uuid) => sameSystemUuid(uuid, systemUuid))) {
    throw wrongMachine(node.name, `its system UUID is ${systemUuid}, recorded is ${recorded.join(' or ')}`);
  }
  if (noDisk) throw wrongMachine(node.name, 'it does not run from a disk');
}

const wrongMachine = (name: string, difference: string) =>
  new BlackstartError('E_WRONG_MACHINE', `what answers as ${name} is not ${name}: ${difference}`, {
    remedy: `Two machines may have swapped addresses or cables: compare "blackstart nodes show ${name}" with the label on the case.`,
    exitCode: EXIT.refused,
  });

const noAddress = (name: string) =>
  new BlackstartError('E_NO_ADDRESS', `no address is known of ${name}: it never asked the seed for one`, {
    remedy: 'Reserve one by "address" in site.yaml, or let its system use DHCP on the provisioning network.',
  });
