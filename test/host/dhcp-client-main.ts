// Sends DHCP messages within whatever namespace it is started in, and prints what it hears. Run by dhcp-networks.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { openUdpSocket } from '../../src/net/udp.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { aMessage } from '../core/dhcp-samples.ts';

export interface ClientTask {
  readonly type: 'discover' | 'request' | 'inform' | 'release';
  readonly mac: string;
  /** `arch` makes it a PXE client's message. */
  readonly arch?: number;
  readonly userClass?: string;
  readonly requested?: string;
  readonly serverId?: string;
  readonly ciaddr?: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  /** Everybody unless told. */
  readonly to?: string;
  readonly listenMs?: number;
}

export interface ClientResult {
  readonly replies: readonly {
    readonly from: string;
    readonly message: Pick<DhcpMessage, 'yiaddr' | 'siaddr' | 'file' | 'giaddr'>;
    readonly type: number | null;
    readonly serverId: string | null;
    readonly vendorClass: string | null;
    readonly hasOption43: boolean;
  }[];
}

const task = JSON.parse(process.argv[2] ?? '') as ClientTask;
const replies: ClientResult['replies'][number][] = [];
const socket = await openUdpSocket({
  device: 'eth0',
  address: '0.0.0.0',
  port: task.fromPort ?? 68,
  broadcast: true,
  onDatagram: ({ bytes, from }) => {
    const reply = decodeDhcp(bytes);
    if (!reply.ok || reply.value.chaddr !== task.mac) return;
    const { yiaddr, siaddr, file, giaddr, options } = reply.value;
    replies.push({
      from: `${from.address}:${from.port}`,
      message: { yiaddr, siaddr, file, giaddr },
      type: options.dhcpMessageType ?? null,
      serverId: options.dhcpServerIdentifier ?? null,
      vendorClass: options.vendorClassIdentifier ?? null,
      hasOption43: options.vendorEncapsulatedOptions !== undefined,
    });
  },
  onError: (error) => process.stderr.write(`${error.message}\n`),
});
const pxe =
  task.arch === undefined
    ? {}
    : { vendorClassIdentifier: `PXEClient:Arch:0000${task.arch}:UNDI:003000`, clientSystem: [task.arch] };
const message = aMessage(
  task.type,
  {
    ...pxe,
    ...(task.userClass ? { userClass: Buffer.from(task.userClass) } : {}),
    ...(task.requested ? { dhcpRequestedAddress: task.requested } : {}),
    ...(task.serverId ? { dhcpServerIdentifier: task.serverId } : {}),
  },
  { chaddr: task.mac, ciaddr: task.ciaddr ?? '0.0.0.0' },
);
socket.send(encodeDhcp(message), task.toPort ?? 67, task.to ?? '255.255.255.255');
await sleep(task.listenMs ?? 1500);
await socket.close();
process.stdout.write(JSON.stringify({ replies }));
