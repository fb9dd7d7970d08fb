import type { BootNode } from '../../src/core/boot-node.ts';
import { answerDhcp6, type Dhcp6Answer, type Dhcp6Context } from '../../src/core/dhcp6.ts';
import { LeaseTable6 } from '../../src/core/dhcp6-lease-table.ts';
import type { BootNetwork6 } from '../../src/core/dhcp6-network.ts';
import type { Lease } from '../../src/core/lease.ts';
import { duidOfMac } from '../../src/wire/dhcp6-duid.ts';
import { type Dhcp6Message, MESSAGE_TYPE6 } from '../../src/wire/dhcp6-message.ts';
import type { Dhcp6Options } from '../../src/wire/dhcp6-options.ts';
import { MAC, NOW_MS } from './boot-samples.ts';

export const NETWORK6: BootNetwork6 = {
  address: 'fd77::1',
  prefixLength: 64,
  dns: ['fd77::53'],
  domain: 'hall.example',
  poolStart: 'fd77::1:0',
  poolEnd: 'fd77::1:3',
  leaseSeconds: 3600,
  mode: 'authoritative',
};
export const LEASES6 = 'provisioning/ipv6';
export const SERVER_ID = duidOfMac('52:54:00:00:00:01');

const withAddress = (address: string) => ({ address, preferredSeconds: 0, validSeconds: 0, status: null });

export const anIa = (iaid: number, ...addresses: string[]) => ({
  iaid,
  t1Seconds: 0,
  t2Seconds: 0,
  addresses: addresses.map(withAddress),
  status: null,
});

export const aMessage6 = (type: keyof typeof MESSAGE_TYPE6, options: Dhcp6Options = {}): Dhcp6Message => ({
  type: MESSAGE_TYPE6[type],
  xid: 7,
  options: { clientid: duidOfMac(MAC), ...options },
});

/** The pure server with its lease table: what the shell does, without its socket and its disk. */
export class PureServer6 {
  readonly leases: LeaseTable6;
  nowMs = NOW_MS;
  nodes: BootNode[] = [];

  constructor(known: Iterable<Lease> = []) {
    this.leases = new LeaseTable6(LEASES6, NETWORK6, known);
  }

  hear(message: Dhcp6Message, mac = MAC, over: Partial<Dhcp6Context> = {}): Dhcp6Answer {
    const node = this.nodes.find(({ macs }) => macs.includes(mac)) ?? null;
    const answer = answerDhcp6(message, {
      network: NETWORK6,
      leases: this.leases,
      serverId: SERVER_ID,
      node,
      holder: mac,
      uuid: null,
      boot: null,
      refusal: null,
      reservedForOther: (address) => this.nodes.some((other) => other.address6 === address && other !== node),
      nowMs: this.nowMs,
      ...over,
    });
    for (const lease of answer.leases) this.leases.put(lease);
    return answer;
  }

  /** SOLICIT and REQUEST; the address, or null when none was given. */
  lease(mac = MAC, iaid = 1): string | null {
    const offer = this.hear(aMessage6('solicit', { iaNa: [anIa(iaid)] }), mac);
    const asked = offer.address === null ? anIa(iaid) : anIa(iaid, offer.address);
    return this.hear(aMessage6('request', { serverid: SERVER_ID, iaNa: [asked] }), mac).address;
  }
}

export const macNumber = (number: number): string =>
  `02:00:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`;
