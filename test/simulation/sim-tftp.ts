import { type TftpPeer, type TftpReport, TftpServer, type TftpSource } from '../../src/core/tftp-server.ts';
import type { Datagram } from '../../src/net/datagram.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp-packet.ts';
import type { SeedParts } from './sim-seed.ts';

const LIMITS = {
  maxBlockBytes: { 4: 1468, 6: 1448 },
  maxWindowBlocks: 64,
  maxTransfers: 2048,
  maxTransfersPerMachine: 16,
};
const TICK_MS = 20;
const TFTP_PORT = 69;
const TRANSFER_PORTS = [40_001, 40_002, 40_003];

interface File extends TftpSource {
  readonly contents: Uint8Array;
}

/** The TFTP server of one life of the seed, with the simulated wire for its sockets. */
export class SimTftp {
  readonly reports: TftpReport[] = [];
  readonly #parts: SeedParts;
  readonly #server: TftpServer<TftpPeer, File>;
  readonly #ears: { close(): void }[];
  #open = 0;
  #alive = true;
  #ticking = false;

  constructor(parts: SeedParts) {
    this.#parts = parts;
    const { clock, wire, network, files } = parts;
    const send = (port: number, peer: TftpPeer, packet: TftpPacket) =>
      wire.send(encodeTftp(packet), { address: network.address, port }, peer);
    this.#server = new TftpServer<TftpPeer, File>(
      {
        look: (number, { file }) => clock.after(1, () => this.#found(number, files.get(file))),
        portsFor: () => TRANSFER_PORTS,
        sendPacket: send,
        sendBlocks: (port, peer, { contents }, { first, last, blockBytes }) => {
          for (let block = first; block <= last; block++) {
            const bytes = contents.subarray((block - 1) * blockBytes, block * blockBytes);
            send(port, peer, { kind: 'data', block: block % 65_536, bytes });
          }
        },
        ended: (report) => this.reports.push(report),
      },
      LIMITS,
      clock.nowMs(),
    );
    this.#ears = [TFTP_PORT, ...TRANSFER_PORTS].map((port) =>
      wire.listen({ address: network.address, port }, (datagram) => this.#hear(port, datagram)),
    );
  }

  /** Transfers that have not ended. */
  get open(): number {
    return this.#open;
  }

  get busy(): boolean {
    return this.#server.busy;
  }

  kill(): void {
    this.#alive = false;
    for (const ear of this.#ears) ear.close();
  }

  #found(number: number, contents: Uint8Array | undefined): void {
    if (!this.#alive) return;
    if (contents) this.#open++;
    const source = contents && {
      contents,
      bytes: contents.length,
      release: () => void this.#open--,
    };
    this.#server.found(number, source ?? 'there is no such file', this.#parts.clock.nowMs());
    this.#tick();
  }

  #hear(port: number, { bytes, from }: Datagram): void {
    const packet = decodeTftp(bytes);
    if (!packet.ok) return;
    const nowMs = this.#parts.clock.nowMs();
    const peer = { ...from, family: 4 as const, key: `${from.address}:${from.port}` };
    if (port === TFTP_PORT) this.#server.takeRequest(port, packet.value, peer, nowMs);
    else if (packet.value.kind !== 'ack' || !this.#server.takeAck(port, peer.key, packet.value.block, nowMs))
      this.#server.takePacket(port, packet.value, peer, nowMs);
  }

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#parts.clock.after(TICK_MS, () => {
      this.#ticking = false;
      if (!this.#alive) return;
      this.#server.tick(this.#parts.clock.nowMs());
      if (this.#server.busy) this.#tick();
    });
  }
}
