import { readIpv6 } from '../src/wire/ipv6.ts';

/** A frame of a capture and the UDP payload in it. */
export interface CapturedUdp {
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Uint8Array;
}

const ETHERNET = 1;
const PCAPNG_MAGIC = 0x0a0d0d0a;

/** The UDP datagrams of a pcap or pcapng file, IPv4's and IPv6's, unfragmented ones only, in order. */
export function udpPayloads(file: Uint8Array): CapturedUdp[] {
  return framesOf(file).flatMap((frame) => readUdp(frame) ?? readUdp6(frame) ?? []);
}

function framesOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return view.getUint32(0) === PCAPNG_MAGIC ? pcapngFrames(file, view) : pcapFrames(file, view);
}

function pcapFrames(file: Uint8Array, view: DataView): Uint8Array[] {
  const magic = view.getUint32(0, true);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  if (!little && view.getUint32(0) !== 0xa1b2c3d4) throw new Error('no pcap file');
  if (view.getUint32(20, little) !== ETHERNET) return [];
  const frames: Uint8Array[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = view.getUint32(at + 8, little);
    frames.push(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}

/** Enhanced packet blocks (type 6) only. */
function pcapngFrames(file: Uint8Array, view: DataView): Uint8Array[] {
  const little = view.getUint32(8, true) === 0x1a2b3c4d;
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 12 <= file.length; ) {
    const length = view.getUint32(at + 4, little);
    if (view.getUint32(at, little) === 6) {
      const captured = view.getUint32(at + 20, little);
      frames.push(file.subarray(at + 28, at + 28 + captured));
    }
    if (length < 12) break;
    at += length;
  }
  return frames;
}

function readUdp(frame: Uint8Array): CapturedUdp | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 42 || view.getUint16(12) !== 0x0800 || frame[23] !== 17) return null;
  if ((view.getUint16(20) & 0x3fff) !== 0) return null; // a fragment
  const udp = 14 + ((frame[14] ?? 0) & 15) * 4;
  const end = Math.min(frame.length, udp + view.getUint16(udp + 4));
  return {
    from: [...frame.subarray(26, 30)].join('.'),
    to: [...frame.subarray(30, 34)].join('.'),
    fromPort: view.getUint16(udp),
    toPort: view.getUint16(udp + 2),
    payload: frame.subarray(udp + 8, end),
  };
}

/** Without extension headers, which no netboot client sends with UDP. */
function readUdp6(frame: Uint8Array): CapturedUdp | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 62 || view.getUint16(12) !== 0x86dd || frame[20] !== 17) return null;
  const udp = 54;
  return {
    from: readIpv6(frame, 22),
    to: readIpv6(frame, 38),
    fromPort: view.getUint16(udp),
    toPort: view.getUint16(udp + 2),
    payload: frame.subarray(udp + 8, Math.min(frame.length, udp + view.getUint16(udp + 4))),
  };
}
