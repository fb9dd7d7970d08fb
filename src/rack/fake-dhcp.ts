import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  addressAt,
  addressBytes,
  type DhcpOptionList,
  type DhcpReply,
  decodeReply,
  encodeRequest,
  OPTION,
  textUntilNul,
} from './fake-dhcp-message.ts';

export interface DhcpAsk {
  readonly mac: string;
  /** Who the client says it is. */
  readonly options: DhcpOptionList;
  /** Real clients' waits (4, 8, 16, 32 s) are multiplied by this. */
  readonly timeScale: number;
  /** Asks on, at the longest wait, until this is over too: a server that starts again is no quicker here. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

/** What the machine was given: an address, and for a netboot client what to boot. */
export interface DhcpLease {
  readonly address: string;
  readonly prefix: number;
  readonly router: string | null;
  readonly leaseSeconds: number;
  readonly server: string;
  /** Where the boot file is: siaddr, else option 66, else the server itself. */
  readonly bootServer: string;
  /** Option 67 before the header's `file`, as EDK2 prefers it; null when neither names one. */
  readonly bootFile: string | null;
  readonly vendorClass: string | null;
}

const [DISCOVER, OFFER, REQUEST, ACK] = [1, 2, 3, 5];
const WAITS_MS = [4_000, 8_000, 16_000, 32_000];
const SHORTEST_WAIT_MS = 300;
const CLIENT_PORT = 68;

/**
 * One DHCP exchange over real broadcasts, from an interface that has no address: DISCOVER, the first OFFER taken,
 * REQUEST, ACK. Null when nobody answers, as firmware gives up; a NAK starts over.
 */
export async function askDhcp(ask: DhcpAsk): Promise<DhcpLease | null> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    socket.bind(CLIENT_PORT, '0.0.0.0');
    await once(socket, 'listening', { signal: ask.signal });
    socket.setBroadcast(true);
    const startMs = performance.now();
    for (let tries = 0; ; tries += 1) {
      if (tries >= WAITS_MS.length && performance.now() - startMs >= (ask.patienceMs ?? 0)) return null;
      const waitMs = WAITS_MS[tries] ?? WAITS_MS.at(-1) ?? 0;
      const lease = await tryOnce(socket, ask, Math.max(SHORTEST_WAIT_MS, waitMs * ask.timeScale));
      if (lease) return lease;
    }
  } finally {
    socket.close();
  }
}

async function tryOnce(socket: Socket, ask: DhcpAsk, waitMs: number): Promise<DhcpLease | null> {
  const xid = randomInt(2 ** 32 - 1);
  const offer = await exchange(socket, ask, xid, [[OPTION.messageType, Buffer.of(DISCOVER)]], waitMs);
  const server = offer?.options.get(OPTION.serverIdentifier);
  if (offer?.type !== OFFER || server?.length !== 4) return null;
  const request: DhcpOptionList = [
    [OPTION.messageType, Buffer.of(REQUEST)],
    [OPTION.requestedAddress, addressBytes(offer.yiaddr)],
    [OPTION.serverIdentifier, server],
  ];
  const reply = await exchange(socket, ask, xid, request, waitMs);
  return reply?.type === ACK ? leaseOf(reply, addressAt(server, 0)) : null;
}

/** Sends and waits for the first reply to this exchange. */
async function exchange(
  socket: Socket,
  ask: DhcpAsk,
  xid: number,
  head: DhcpOptionList,
  waitMs: number,
): Promise<DhcpReply | null> {
  const limit = AbortSignal.any([ask.signal, AbortSignal.timeout(waitMs)]);
  const bytes = encodeRequest(xid, ask.mac, [
    ...head,
    [OPTION.maxMessageSize, Buffer.of(5, 192)],
    ...ask.options,
  ]);
  const reply = new Promise<DhcpReply | null>((resolve) => {
    const listen = (datagram: Buffer) => {
      const decoded = decodeReply(datagram);
      if (decoded?.xid !== xid || decoded.mac !== ask.mac) return;
      socket.off('message', listen);
      resolve(decoded);
    };
    socket.on('message', listen);
    limit.addEventListener('abort', () => {
      socket.off('message', listen);
      resolve(null);
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.send(bytes, 67, '255.255.255.255', (error) => (error ? reject(error) : resolve()));
  });
  const answer = await reply;
  ask.signal.throwIfAborted();
  return answer;
}

export function leaseOf(reply: DhcpReply, server: string): DhcpLease {
  const { options } = reply;
  const text = (code: number) => textUntilNul(options.get(code) ?? Buffer.alloc(0)) || null;
  const router = options.get(OPTION.router);
  const siaddr = reply.siaddr === '0.0.0.0' ? null : reply.siaddr;
  return {
    address: reply.yiaddr,
    prefix: prefixOf(options.get(OPTION.subnetMask) ?? Buffer.of(255, 255, 255, 0)),
    router: router && router.length >= 4 ? addressAt(router, 0) : null,
    leaseSeconds: options.get(OPTION.leaseSeconds)?.readUInt32BE(0) ?? 0,
    server,
    bootServer: siaddr ?? text(OPTION.tftpServer) ?? server,
    bootFile: text(OPTION.bootFile) ?? (reply.file || null),
    vendorClass: text(OPTION.vendorClass),
  };
}

const prefixOf = (mask: Buffer): number =>
  [...mask].reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0);
