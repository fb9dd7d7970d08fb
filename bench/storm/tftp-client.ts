import { type Arrival, MachineSocket } from './machine-socket.ts';
import { type Patience, ROM_TFTP_WAITS_MS } from './patience.ts';
import { holdsAt } from './storm-files.ts';

const TFTP_PORT = 69;
const PROBE_PORT = 2070;
const TRANSFER_PORT = 2071;
const DATA = 3;
const ACK = 4;
const ERROR = 5;
const OACK = 6;
const BLOCK_BYTES = 1468;
const WINDOW_BLOCKS = 4;

interface Transfer {
  readonly machine: number;
  readonly address: number;
  readonly server: number;
  readonly file: string;
  readonly done: (bytes: number) => void;
  readonly fail: (reason: string) => void;
  phase: 'probe' | 'transfer';
  /** The server's port of this transfer; 0 until it answers. */
  port: number;
  /** What the server takes of what was asked for. */
  blockBytes: number;
  /** Counts on past 65535. */
  block: number;
  acknowledged: number;
  bytes: number;
  windowBlocks: number;
  isGapTold: boolean;
}

/** How OVMF loads its boot program: it asks for the size, aborts, then fetches with blocks of 1468 and windows of 4. */
export class TftpClients {
  readonly #probes: MachineSocket;
  readonly #transfers: MachineSocket;
  readonly #patience: Patience;
  readonly #byAddress = new Map<number, Transfer>();
  /** Blocks that came again though they had come. */
  duplicates = 0;

  constructor(device: string, patience: Patience) {
    this.#probes = new MachineSocket(device, PROBE_PORT);
    this.#transfers = new MachineSocket(device, TRANSFER_PORT);
    this.#patience = patience;
  }

  begin(from: Pick<Transfer, 'machine' | 'address' | 'server' | 'file' | 'done' | 'fail'>): void {
    const transfer: Transfer = {
      ...from,
      phase: 'probe',
      port: 0,
      blockBytes: 512,
      block: 0,
      acknowledged: 0,
      bytes: 0,
      windowBlocks: 1,
      isGapTold: false,
    };
    this.#byAddress.set(from.address, transfer);
    this.#request(transfer, `tsize\x000\0blksize\0${BLOCK_BYTES}\0windowsize\0${WINDOW_BLOCKS}\0`);
  }

  receive(): number {
    return (
      this.#probes.receive((arrival) => this.#takeProbe(arrival)) +
      this.#transfers.receive((arrival) => this.#takePacket(arrival))
    );
  }

  flush(): void {
    this.#probes.flush();
    this.#transfers.flush();
  }

  #request(transfer: Transfer, options: string): void {
    const packet = Buffer.from(`\0\x01${transfer.file}\0octet\0${options}`, 'latin1');
    const socket = transfer.phase === 'probe' ? this.#probes : this.#transfers;
    const send = () => {
      if (transfer.port !== 0) this.#acknowledge(transfer);
      else
        socket.queue(transfer.address, { address: transfer.server, port: TFTP_PORT }, (slot) =>
          packet.copy(slot),
        );
    };
    this.#patience.expect(transfer.machine, ROM_TFTP_WAITS_MS, send, () =>
      this.#end(transfer, `${transfer.phase}: silence after block ${transfer.block}`),
    );
    send();
  }

  /** Told the size, firmware says "enough": an ERROR that nobody answers. */
  #takeProbe({ bytes, to, fromPort }: Arrival): void {
    const transfer = this.#byAddress.get(to);
    if (transfer?.phase !== 'probe') return;
    const opcode = bytes.readUInt16BE(0);
    if (opcode !== OACK) {
      this.#end(transfer, `probe answered by opcode ${opcode}: ${bytes.toString('latin1', 4)}`);
      return;
    }
    const server = { address: transfer.server, port: fromPort };
    this.#probes.queue(transfer.address, server, (slot) => slot.write('\0\x05\0\x00aborted\0', 'latin1'));
    transfer.phase = 'transfer';
    this.#request(transfer, `blksize\0${BLOCK_BYTES}\0windowsize\0${WINDOW_BLOCKS}\0`);
  }

  #takePacket({ bytes, to, fromPort }: Arrival): void {
    const transfer = this.#byAddress.get(to);
    if (transfer?.phase !== 'transfer') return;
    const opcode = bytes.readUInt16BE(0);
    if (transfer.port !== 0 && fromPort !== transfer.port) return;
    transfer.port = fromPort;
    if (opcode === DATA) this.#takeBlock(transfer, bytes);
    else if (opcode === OACK) this.#takeOptions(transfer, bytes.toString('latin1', 2));
    else if (opcode === ERROR) this.#end(transfer, `refused: ${bytes.toString('latin1', 4)}`);
  }

  #takeOptions(transfer: Transfer, text: string): void {
    if (transfer.block > 0) return;
    const words = text.toLowerCase().split('\0');
    const optionOf = (name: string, otherwise: number) =>
      words.includes(name) ? Number(words[words.indexOf(name) + 1]) : otherwise;
    transfer.blockBytes = optionOf('blksize', transfer.blockBytes);
    transfer.windowBlocks = optionOf('windowsize', 1);
    this.#acknowledge(transfer);
  }

  #takeBlock(transfer: Transfer, packet: Buffer): void {
    const ahead = (packet.readUInt16BE(2) - transfer.block + 0x1_0000) & 0xffff;
    if (ahead !== 1) {
      this.#takeStray(transfer, ahead);
      return;
    }
    const length = packet.length - 4;
    if (!holdsAt(packet, 4, length, transfer.bytes)) {
      this.#end(transfer, `block ${transfer.block + 1} is wrong`);
      return;
    }
    transfer.block += 1;
    transfer.bytes += length;
    transfer.isGapTold = false;
    const isLast = length < transfer.blockBytes;
    if (isLast || transfer.block - transfer.acknowledged >= transfer.windowBlocks)
      this.#acknowledge(transfer);
    if (isLast) this.#end(transfer, null);
  }

  /** RFC 7440 §4: after a gap, once, the last block that came in order. A window that comes again is answered again. */
  #takeStray(transfer: Transfer, ahead: number): void {
    const isGap = ahead > 0 && ahead < 0x8000;
    if (!isGap) this.duplicates += 1;
    if (isGap ? transfer.isGapTold : ahead !== 0) return;
    transfer.isGapTold = isGap;
    this.#acknowledge(transfer);
  }

  #acknowledge(transfer: Transfer): void {
    transfer.acknowledged = transfer.block;
    this.#patience.renew(transfer.machine, performance.now());
    const server = { address: transfer.server, port: transfer.port };
    this.#transfers.queue(transfer.address, server, (slot) => {
      slot.writeUInt16BE(ACK, 0);
      return slot.writeUInt16BE(transfer.block & 0xffff, 2);
    });
  }

  #end(transfer: Transfer, failure: string | null): void {
    this.#byAddress.delete(transfer.address);
    this.#patience.answered(transfer.machine);
    if (failure === null) transfer.done(transfer.bytes);
    else transfer.fail(failure);
  }
}
