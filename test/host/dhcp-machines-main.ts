// Machines that want addresses, within whatever namespace and on whatever interface they are started: each asks until it
// is acknowledged, and again when nobody answers or it is refused. Run by two-seeds.test.ts; a JSON line for each ACK.
import { openUdpSocket } from '../../src/net/udp.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp, MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';

export interface MachinesJob {
  readonly device: string;
  /** MAC and, to renew by broadcast as one does whose server is silent (REBINDING), the address it holds. */
  readonly machines: readonly { readonly mac: string; readonly holds: string | null }[];
  /** Time between two machines being switched on. */
  readonly everyMs: number;
  readonly tries: number;
}

/** What one machine came to; `address` is null when it gave up. */
export interface MachineEnd {
  readonly mac: string;
  readonly address: string | null;
  readonly server: string | null;
  readonly naks: number;
}

const job = JSON.parse(process.argv[2] ?? '') as MachinesJob;
const ANSWER_MS = 500;
const BROADCAST_FLAG = 0x8000;
const waiting = new Map<number, (reply: DhcpMessage) => void>();
const socket = await openUdpSocket({
  device: job.device,
  address: '0.0.0.0',
  port: 68,
  broadcast: true,
  onDatagram: ({ bytes }) => {
    const reply = decodeDhcp(bytes);
    if (reply.ok && reply.value.op === 2) waiting.get(reply.value.xid)?.(reply.value);
  },
  onError: () => {},
});
let lastXid = 0;

/** Sends, and gives the first reply of one of these types; null when none comes in time. */
function ask(mac: string, ciaddr: string, options: DhcpOptions, wanted: readonly number[]) {
  lastXid += 1;
  const xid = lastXid;
  const header = { op: 1, htype: 1, hops: 0, xid, secs: 0, flags: BROADCAST_FLAG } as const;
  const none = '0.0.0.0';
  const message: DhcpMessage = {
    ...header,
    ...{ ciaddr, yiaddr: none, siaddr: none, giaddr: none, chaddr: mac, sname: '', file: '' },
    options,
  };
  return new Promise<DhcpMessage | null>((resolve) => {
    const end = (reply: DhcpMessage | null) => {
      clearTimeout(timer);
      waiting.delete(xid);
      resolve(reply);
    };
    const timer = setTimeout(() => end(null), ANSWER_MS);
    waiting.set(xid, (reply) => {
      if (wanted.includes(reply.options.dhcpMessageType ?? 0)) end(reply);
    });
    socket.send(encodeDhcp(message), 67, '255.255.255.255');
  });
}

const { discover, offer, request, ack, nak } = MESSAGE_TYPE;

function requestOf(holds: string | null, offered: DhcpMessage | null): DhcpOptions {
  if (holds !== null || !offered) return { dhcpMessageType: request };
  const server = offered.options.dhcpServerIdentifier;
  return {
    dhcpMessageType: request,
    dhcpRequestedAddress: offered.yiaddr,
    ...(server ? { dhcpServerIdentifier: server } : {}),
  };
}

async function run({ mac, holds }: MachinesJob['machines'][number]): Promise<MachineEnd> {
  let naks = 0;
  for (let tries = 0; tries < job.tries; tries += 1) {
    const offered = holds === null ? await ask(mac, '0.0.0.0', { dhcpMessageType: discover }, [offer]) : null;
    if (holds === null && !offered) continue;
    const reply = await ask(mac, holds ?? '0.0.0.0', requestOf(holds, offered), [ack, nak]);
    if (reply?.options.dhcpMessageType === nak) naks += 1;
    if (reply?.options.dhcpMessageType !== ack) continue;
    return { mac, address: reply.yiaddr, server: reply.options.dhcpServerIdentifier ?? null, naks };
  }
  return { mac, address: null, server: null, naks };
}

const running: Promise<void>[] = [];
for (const machine of job.machines) {
  running.push(run(machine).then((end) => void process.stdout.write(`${JSON.stringify(end)}\n`)));
  await new Promise((resolve) => setTimeout(resolve, job.everyMs));
}
await Promise.all(running);
await socket.close();
