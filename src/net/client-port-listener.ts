import { decodeUdpFrame, ETHERTYPE_IPV4, encodeUdpBroadcast, type UdpFrame } from '../wire/udp-frame.ts';
import { type BpfInstruction, openPacketSocket } from './packet-socket.ts';

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const ANY_ADDRESS = '0.0.0.0';

/** Hears what DHCP servers on a wire tell their clients, and can speak like a client. */
export interface ClientPortListener {
  /** The interface's own hardware address. */
  readonly mac: string;
  /** Broadcasts a client's message as if from a host without an address. */
  ask(payload: Uint8Array): void;
  close(): void;
}

/** Unfragmented UDP over IPv4 to port 68, and nothing else: boot files too pass this interface. */
const TO_CLIENT_PORT: readonly BpfInstruction[] = [
  [0x30, 0, 0, 23], // the protocol
  [0x15, 0, 6, 17], // is UDP?
  [0x28, 0, 0, 20], // the fragment offset
  [0x45, 4, 0, 0x1fff], // is not 0?
  [0xb1, 0, 0, 14], // x = the IP header's length
  [0x48, 0, 0, 16], // the destination port
  [0x15, 0, 1, CLIENT_PORT],
  [0x06, 0, 0, 0xffff], // the whole frame
  [0x06, 0, 0, 0], // nothing
];

/** Throws E_NO_INTERFACE or E_NOT_ALLOWED. What this host itself sends is not heard. */
export function listenOnClientPort(
  device: string,
  onDatagram: (frame: UdpFrame) => void,
): ClientPortListener {
  const socket = openPacketSocket({
    device,
    etherType: ETHERTYPE_IPV4,
    filter: TO_CLIENT_PORT,
    onFrame(frame) {
      const datagram = decodeUdpFrame(frame);
      if (datagram) onDatagram(datagram);
    },
  });
  const ends = { fromMac: socket.mac, from: ANY_ADDRESS, fromPort: CLIENT_PORT, toPort: SERVER_PORT };
  return {
    mac: socket.mac,
    ask: (payload) => socket.send(encodeUdpBroadcast({ ...ends, payload })),
    close: () => socket.close(),
  };
}
