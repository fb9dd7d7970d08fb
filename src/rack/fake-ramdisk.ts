import { runAgent } from './fake-agent.ts';
import { beginStage, type FakeHost, waitScaled } from './fake-host.ts';
import { leaseAddress } from './fake-nic.ts';

/** From the kernel's first line to the end of the agent. The ramdisk's init asks DHCP until somebody answers. */
export async function bootRamdisk(host: FakeHost, args: readonly string[]): Promise<void> {
  if (host.behaviour.silent) {
    host.record('silent', 'the ramdisk never calls back, as this machine was told');
    return;
  }
  for (;;) {
    const lease = await leaseAddress(host, 'agent');
    if (lease) {
      await beginStage(host, 'ramdisk', `address ${lease.address}`);
      return runAgent(host, lease.address, readKernelArgs(args));
    }
    host.print('udhcpc: no lease, forking to background');
    await waitScaled(host, 20_000);
  }
}

/** `key=value` words of the kernel's command line; a word without a value has the value ''. */
export function readKernelArgs(args: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    args.map((word): [string, string] => {
      const at = word.indexOf('=');
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
