import { reasonOf } from '../errors.ts';
import { newSshHostKey, startFakeSshServer } from '../exec/fake-ssh-server.ts';
import { type FirstBoot, readConfigDrive } from './fake-config-drive.ts';
import { beginStage, type FakeHost, waitScaled } from './fake-host.ts';
import { leaseAddress, resetNic, setAddress } from './fake-nic.ts';
import { answerCommand } from './fake-shell.ts';

const SHUTDOWN_MS = 2_000;
const SSH_PORT = 22;

/**
 * The operating system that was written to the disk, as far as the outside sees it: reads its config drive, takes its
 * address, answers ssh with a host key that it made at its first boot, and listens to the power button. Whatever the
 * image holds, this is what runs: that an image boots is proved only on QEMU.
 */
export async function bootInstalledSystem(host: FakeHost): Promise<void> {
  const { configDrive, image } = host.disk.read();
  await beginStage(host, 'system-booting', image?.url ?? 'the disk');
  host.onPowerButton = (then) => {
    void waitScaled(host, SHUTDOWN_MS).then(() => host.end(then, 'by the power button'));
  };
  if (!configDrive) {
    host.record('system-unreachable', 'no config drive: no name, no user, no key');
    return;
  }
  let first: FirstBoot;
  try {
    first = readConfigDrive(configDrive);
  } catch (error) {
    host.record('system-unreachable', `the config drive cannot be read: ${reasonOf(error)}`);
    return;
  }
  const address = await configureNetwork(host, first);
  const hostKey = host.disk.read().hostKey ?? newSshHostKey();
  host.disk.keepHostKey(hostKey);
  await startFakeSshServer({
    address: '0.0.0.0',
    port: SSH_PORT,
    hostKey,
    authorizedKeys: first.authorizedKeys,
    answer: (command) => {
      host.record('ssh-command', command);
      return answerCommand(command, host, first.hostname);
    },
  });
  await beginStage(host, 'system-up', `${first.hostname} at ${address}`);
}

/** A static address from the config drive, or the network's, asked for until there is one. */
async function configureNetwork(host: FakeHost, { staticNetwork }: FirstBoot): Promise<string> {
  if (staticNetwork) {
    await resetNic();
    await setAddress(staticNetwork.address, prefixOf(staticNetwork.netmask), staticNetwork.gateway);
    return staticNetwork.address;
  }
  for (;;) {
    const lease = await leaseAddress(host, 'installed');
    if (lease) return lease.address;
    await waitScaled(host, 10_000);
  }
}

const prefixOf = (netmask: string): number =>
  netmask.split('.').reduce((bits, byte) => bits + Number(byte).toString(2).replaceAll('0', '').length, 0);
