import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endsWithUs } from '../../src/exec/run.ts';
import { MACHINES, type Segment, UPLINK } from './segment.ts';

/** What stands beside the seed: in proxy mode dnsmasq gives the addresses, in relayed mode ISC's relay forwards. */
export class NeighbourDhcp {
  readonly #segment: Segment;
  readonly #dir: string;
  readonly #namesSeed: boolean;
  #process: ChildProcess | null = null;

  /** `namesSeed`: the DHCP server beside the seed has it as next server, without a boot file. */
  constructor(segment: Segment, dir: string, { namesSeed }: { readonly namesSeed: boolean }) {
    this.#segment = segment;
    this.#dir = dir;
    this.#namesSeed = namesSeed;
  }

  async start(): Promise<void> {
    const command = this.#command();
    if (command === null) return;
    const [program = '', ...args] = command;
    const child = spawn('ip', [...this.#at(), ...endsWithUs(program, args).flat()], { stdio: 'ignore' });
    await once(child, 'spawn');
    this.#process = child;
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  #at(): string[] {
    return this.#segment.at(this.#segment.mode === 'proxy' ? 'dhcp' : 'relay');
  }

  #command(): string[] | null {
    switch (this.#segment.mode) {
      case 'authoritative':
        return null;
      case 'proxy':
        return [
          ...['/usr/sbin/dnsmasq', '--keep-in-foreground', '--port=0', '--conf-file=/dev/null', '--no-ping'],
          ...['--dhcp-range=10.91.0.100,10.91.0.199,1h', '--dhcp-authoritative', '--interface=dhcp0'],
          ...[`--dhcp-option=3,${MACHINES.dhcp}`, `--dhcp-leasefile=${join(this.#dir, 'dnsmasq.leases')}`],
          ...['--user=root', '--pid-file='],
          ...(this.#namesSeed ? [`--dhcp-boot=,,${MACHINES.seed}`] : []),
        ];
      case 'relayed':
        return [
          '/usr/sbin/dhcrelay',
          '-d',
          '-4',
          '-a',
          '-m',
          'append',
          '-id',
          'down0',
          '-iu',
          'up0',
          UPLINK.seed,
        ];
    }
  }
}
