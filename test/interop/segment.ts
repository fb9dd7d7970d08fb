import { run, tryRun } from '../../src/exec/run.ts';

/** How the seed stands to the machines: alone on their wire, beside another DHCP server, or behind a relay. */
export type Mode = 'authoritative' | 'proxy' | 'relayed';

/** The machines' network; the seed's own wire beyond the relay. */
export const MACHINES = { cidr: '10.91.0.0/24', seed: '10.91.0.1', dhcp: '10.91.0.2', relay: '10.91.0.254' };
export const UPLINK = { cidr: '10.92.0.0/24', seed: '10.92.0.1', relay: '10.92.0.254' };

/** The machines' IPv6 network, where the seed is on their wire and gives addresses. */
export const MACHINES6 = { cidr: 'fd91::/64', seed: 'fd91::1', pool: 'fd91::1:0-fd91::1:ff' };

/** The seed's end of the cable, in every mode. */
export const SEED_LINK = 'seed0';
/** The link of client programs, and the tap of virtual machines. */
export const CLIENT_LINK = 'cli0';
export const TAP = 'tap0';
/** The switch in the `lan` namespace. */
export const SWITCH = 'sw0';

const PLACES = ['lan', 'seed', 'client', 'dhcp', 'relay'] as const;
type Place = (typeof PLACES)[number];

/**
 * Network namespaces around one switch: the seed, a machine of client programs, a tap for virtual machines, and by the
 * mode another DHCP server or a relay that routes. Nothing in them reaches the host.
 */
export class Segment {
  readonly mode: Mode;

  constructor(mode: Mode) {
    this.mode = mode;
  }

  namespace(place: Place): string {
    return `bsI-${this.mode.slice(0, 5)}-${place}`;
  }

  async open(): Promise<void> {
    await this.close();
    for (const place of PLACES) {
      await run('ip', ['netns', 'add', this.namespace(place)]);
      await this.#ip(place, 'link set lo up');
    }
    await this.#ip('lan', `link add ${SWITCH} type bridge forward_delay 0 mcast_snooping 0`);
    await this.#ip('lan', `link set ${SWITCH} up`);
    await this.#ip('lan', `tuntap add ${TAP} mode tap`);
    await this.#plug(TAP);
    await this.#cable('client', CLIENT_LINK);
    if (this.mode === 'relayed') await this.#openRelay();
    else await this.#cable('seed', SEED_LINK, `${MACHINES.seed}/24`);
    if (this.mode === 'authoritative')
      await this.#ip('seed', `address add ${MACHINES6.seed}/64 dev ${SEED_LINK} nodad`);
    if (this.mode === 'proxy') await this.#cable('dhcp', 'dhcp0', `${MACHINES.dhcp}/24`);
  }

  async close(): Promise<void> {
    for (const place of PLACES) await tryRun('ip', ['netns', 'delete', this.namespace(place)]);
  }

  /** The start of a command line that runs a program at a place. */
  at(place: Place, ...command: readonly string[]): string[] {
    return ['netns', 'exec', this.namespace(place), ...command];
  }

  /** Drops this share of what crosses the switch, in both directions, where no sender can notice. */
  async lose(percent: number): Promise<void> {
    await run('ip', this.at('lan', 'nft', 'flush', 'ruleset'));
    if (percent === 0) return;
    const chain = `chain forward { type filter hook forward priority 0; numgen random mod 100 < ${percent} drop\n}`;
    await run('ip', this.at('lan', 'nft', '-f', '-'), { input: `table bridge loss {\n${chain}\n}\n` });
  }

  async #openRelay(): Promise<void> {
    await this.#cable('relay', 'down0', `${MACHINES.relay}/24`);
    const peer = `peer name ${SEED_LINK} netns ${this.namespace('seed')}`;
    await this.#ip('relay', `link add up0 type veth ${peer}`);
    await this.#ip('relay', `address add ${UPLINK.relay}/24 dev up0`);
    await this.#ip('relay', 'link set up0 up');
    await this.#ip('seed', `address add ${UPLINK.seed}/24 dev ${SEED_LINK}`);
    await this.#ip('seed', `link set ${SEED_LINK} up`);
    await this.#ip('seed', `route add ${MACHINES.cidr} via ${UPLINK.relay}`);
    await run('ip', this.at('relay', 'sysctl', '-qw', 'net.ipv4.ip_forward=1'));
  }

  /** From the switch to a place; the switch's end is named after the other one. */
  async #cable(place: Place, link: string, address?: string): Promise<void> {
    const peer = `peer name ${link} netns ${this.namespace(place)}`;
    await this.#ip('lan', `link add p-${link} type veth ${peer}`);
    await this.#plug(`p-${link}`);
    if (address) await this.#ip(place, `address add ${address} dev ${link}`);
    await this.#ip(place, `link set ${link} up`);
  }

  async #plug(link: string): Promise<void> {
    await this.#ip('lan', `link set ${link} master ${SWITCH}`);
    await this.#ip('lan', `link set ${link} up`);
  }

  async #ip(place: Place, command: string): Promise<void> {
    await run('ip', ['-n', this.namespace(place), ...command.split(' ')]);
  }
}
