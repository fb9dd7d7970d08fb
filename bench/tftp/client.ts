import { close, SOL_UDP } from '../../src/net/libc.ts';
import { Arena, UdpPeerName, type UdpReceiver, type UdpSender } from '../../src/net/udp-batch.ts';
import { openUdpDescriptor, setSocketOption } from '../../src/net/udp-descriptor.ts';
import { ipv4Bytes } from '../../src/wire/ipv4.ts';
import { decodeTftp, encodeTftp } from '../../src/wire/tftp-packet.ts';
import { clientAddress, FILE, type Load } from './load.ts';

const TFTP_PORT = 69;
const [DATA, ERROR, OACK] = [3, 5, 6];
const DEFAULT_BLOCK_BYTES = 512;
/** As firmware does: iPXE from 0.25 s on, most ROMs 1 s, OVMF 4 s. */
const RESEND_MS = 1_000;
const MAX_RESENDS = 20;
/** Lets what was sent in one piece arrive in one piece, so that the generator costs little. */
const UDP_GRO = 104;

/** What all clients share. */
export interface ClientTools {
  readonly sender: UdpSender;
  readonly received: UdpReceiver;
  /** Every block's ACK, by block number. */
  readonly acks: Arena;
}

export interface ClientCounts {
  completed: number;
  failed: number;
  wrongBlocks: number;
  dataPackets: number;
  bytes: number;
  readonly tookMs: number[];
}

/** `04 hi lo` for every block number there is. */
export function everyAck(): Arena {
  const acks = new Arena(65_536 * 4);
  for (let block = 0; block < 65_536; block++) acks.bytes.set([0, 4, block >>> 8, block & 255], 4 * block);
  return acks;
}

const readWord = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)) >>>
  0;

/** One machine that fetches the file as RFC 1350, 2347, 2348 and 7440 have it. */
export class BenchClient {
  fd = -1;
  readonly #load: Load;
  readonly #address: string;
  readonly #tools: ClientTools;
  readonly #counts: ClientCounts;
  readonly #request: Arena;
  readonly #requestBytes: number;
  readonly #listener: UdpPeerName;
  #server: UdpPeerName | null = null;
  #serverPort = 0;
  #block = 0;
  #inWindow = 0;
  #complained = false;
  #sentAtMs = 0;
  #startedAtMs = 0;
  #resends = 0;

  constructor(index: number, load: Load, tools: ClientTools, counts: ClientCounts) {
    this.#load = load;
    this.#tools = tools;
    this.#counts = counts;
    this.#address = clientAddress(index);
    const options = new Map<string, string>();
    if (load.blockBytes !== null) options.set('tsize', '0').set('blksize', String(load.blockBytes));
    if (load.windowBlocks > 1) options.set('windowsize', String(load.windowBlocks));
    const bytes = encodeTftp({ kind: 'read', file: FILE, mode: 'octet', options });
    this.#request = new Arena(bytes.length);
    this.#request.bytes.set(bytes);
    this.#requestBytes = bytes.length;
    const name = Buffer.alloc(16);
    name.writeUInt16LE(2, 0);
    name.writeUInt16BE(TFTP_PORT, 2);
    name.set(ipv4Bytes(load.server), 4);
    this.#listener = new UdpPeerName(name, null);
  }

  /** Asks for the file, from a port of its own. */
  start(nowMs: number): void {
    this.stop();
    this.fd = openUdpDescriptor({ device: this.#load.device, address: this.#address, port: 0 });
    setSocketOption(this.fd, SOL_UDP, UDP_GRO, 1);
    this.#server = null;
    this.#block = 0;
    this.#inWindow = 0;
    this.#resends = 0;
    this.#startedAtMs = nowMs;
    this.#ask(nowMs);
  }

  stop(): void {
    if (this.fd >= 0) close(this.fd);
    this.fd = -1;
  }

  /** Reads what came; whether the file is whole, or will never be. */
  take(nowMs: number): boolean {
    const { received, sender } = this.#tools;
    const count = received.receive(this.fd);
    for (let index = 0; index < count; index++) {
      if (!this.#takeDatagram(index, nowMs)) continue;
      sender.flush();
      return true;
    }
    sender.flush();
    return false;
  }

  /** Asks again after a silence; whether it gave up. */
  remind(nowMs: number): boolean {
    if (nowMs - this.#sentAtMs < RESEND_MS) return false;
    this.#resends++;
    this.#complained = false;
    if (this.#resends > MAX_RESENDS) return this.#fail();
    if (this.#server) this.#acknowledge(nowMs);
    else this.#ask(nowMs);
    this.#tools.sender.flush();
    return false;
  }

  #takeDatagram(index: number, nowMs: number): boolean {
    const { received } = this.#tools;
    const { bytes } = received;
    const name = received.nameOf(index);
    const port = (bytes[name + 2] ?? 0) * 256 + (bytes[name + 3] ?? 0);
    if (!this.#server) {
      this.#server = new UdpPeerName(bytes.slice(name, name + 16), null);
      this.#serverPort = port;
    } else if (port !== this.#serverPort) return false;
    const at = received.offsetOf(index);
    const length = received.lengthOf(index);
    const control = received.controlOf(index, SOL_UDP, UDP_GRO);
    const each = control === null ? length : (bytes[control] ?? 0) + 256 * (bytes[control + 1] ?? 0);
    for (let offset = 0; offset < length; offset += each)
      if (this.#takePacket(at + offset, Math.min(each, length - offset), nowMs)) return true;
    return false;
  }

  #takePacket(at: number, length: number, nowMs: number): boolean {
    const { bytes } = this.#tools.received;
    switch (bytes[at + 1] ?? 0) {
      case DATA:
        return this.#takeData(at, length, nowMs);
      case OACK:
        if (!this.#agrees(bytes.subarray(at, at + length))) return this.#fail();
        if (this.#block === 0) this.#acknowledge(nowMs);
        return false;
      case ERROR:
        return this.#fail();
      default:
        return false;
    }
  }

  /** Whether the server accepted the block size and the window that were asked for: else figures compare nothing. */
  #agrees(bytes: Uint8Array): boolean {
    const packet = decodeTftp(bytes);
    if (!packet.ok || packet.value.kind !== 'oack') return false;
    const { blockBytes, windowBlocks } = this.#load;
    const { options } = packet.value;
    return (
      Number(options.get('blksize') ?? DEFAULT_BLOCK_BYTES) === (blockBytes ?? DEFAULT_BLOCK_BYTES) &&
      Number(options.get('windowsize') ?? 1) === windowBlocks
    );
  }

  #takeData(at: number, length: number, nowMs: number): boolean {
    const { bytes } = this.#tools.received;
    const number = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
    const blockBytes = this.#load.blockBytes ?? DEFAULT_BLOCK_BYTES;
    if (number !== ((this.#block + 1) & 0xffff)) {
      this.#takeOther(number, nowMs);
      return false;
    }
    this.#resends = 0;
    const offset = this.#block * blockBytes;
    if (length > 4 && readWord(bytes, at + 4) !== offset) this.#counts.wrongBlocks++;
    this.#counts.dataPackets++;
    this.#counts.bytes += length - 4;
    this.#block++;
    this.#inWindow++;
    this.#complained = false;
    const isLast = length - 4 < blockBytes;
    if (isLast || this.#inWindow === this.#load.windowBlocks) this.#acknowledge(nowMs);
    if (!isLast) return false;
    if (offset + length - 4 !== this.#load.fileBytes) return this.#fail();
    this.#counts.completed++;
    this.#counts.tookMs.push(nowMs - this.#startedAtMs);
    return true;
  }

  /** The last block once more: our ACK was lost. One behind a gap: the server is told once where to go on. */
  #takeOther(number: number, nowMs: number): void {
    const ahead = (number - this.#block) & 0xffff;
    if (ahead === 0) this.#acknowledge(nowMs);
    else if (ahead < 0x8000 && !this.#complained) {
      this.#complained = true;
      this.#acknowledge(nowMs);
    }
  }

  #fail(): boolean {
    this.#counts.failed++;
    return true;
  }

  #ask(nowMs: number): void {
    this.#sentAtMs = nowMs;
    this.#tools.sender.begin(this.fd, this.#listener, 0, 1);
    this.#tools.sender.add(this.#request.address, this.#requestBytes);
    this.#tools.sender.end(null);
    this.#tools.sender.flush();
  }

  #acknowledge(nowMs: number): void {
    if (!this.#server) return;
    this.#sentAtMs = nowMs;
    this.#inWindow = 0;
    this.#tools.sender.begin(this.fd, this.#server, 0, 1);
    this.#tools.sender.add(this.#tools.acks.address + (this.#block & 0xffff) * 4, 4);
    this.#tools.sender.end(null);
  }
}
