import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { BootNetwork } from '../core/dhcp-network.ts';
import type { TftpOptions } from '../core/tftp-options.ts';
import { patienceMs } from '../core/tftp-pace.ts';
import {
  startTransfer,
  type TftpSend,
  type TftpStep,
  type TftpTransfer,
  takePacket,
  takeSilence,
} from '../core/tftp-transfer.ts';
import { openUdpSocket } from '../net/udp.ts';
import { decodeTftp, encodeTftp } from '../wire/tftp-packet.ts';
import type { Artefact } from './artefact.ts';

export interface TransferEnd {
  readonly how: 'completed' | 'aborted' | 'failed';
  readonly reason: string;
  /** What the machine acknowledged. */
  readonly bytes: number;
}

/** Sends one file from a port of its own, and says how it ended. An abort ends it as failed. */
export async function runTransfer(
  file: Artefact,
  options: TftpOptions,
  peer: TftpTransfer['peer'],
  network: BootNetwork,
  clock: Clock,
  signal: AbortSignal,
): Promise<TransferEnd> {
  const source = openSource(file);
  const end = Promise.withResolvers<TransferEnd>();
  const take = (step: TftpStep) => {
    transfer = step.transfer;
    for (const send of step.send) {
      const to = send.kind === 'packet' ? send.to : peer;
      socket.send(frame(send, source), to.port, to.address);
    }
    if (step.ended) end.resolve({ ...step.ended, bytes: ackedBytes(transfer) });
    else if (step.send.length > 0) wait();
  };
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(timer);
    const ms = patienceMs(transfer.pace, options.timeoutSeconds);
    timer = setTimeout(() => take(takeSilence(transfer, clock.nowMs())), ms);
  };
  const socket = await openUdpSocket({
    device: network.interface,
    address: network.address,
    port: 0,
    onDatagram: ({ bytes, from }) => {
      const packet = decodeTftp(bytes);
      if (packet.ok) take(takePacket(transfer, packet.value, from, clock.nowMs()));
    },
    onError: (error) => end.resolve({ how: 'failed', reason: error.message, bytes: ackedBytes(transfer) }),
  });
  const first = startTransfer(file.bytes, options, peer, clock.nowMs());
  let { transfer } = first;
  const stop = () => end.resolve({ how: 'failed', reason: 'the server stops', bytes: ackedBytes(transfer) });
  signal.addEventListener('abort', stop, { once: true });
  try {
    take(first);
    return await end.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    source.close();
    await socket.close();
  }
}

interface Source {
  read(offset: number, bytes: number): Uint8Array;
  close(): void;
}

function openSource(file: Artefact): Source {
  const { memory } = file;
  if (memory) {
    return { read: (offset, bytes) => memory.subarray(offset, offset + bytes), close() {} };
  }
  const fd = openSync(file.path, 'r');
  return {
    read(offset, bytes) {
      const into = new Uint8Array(bytes);
      return into.subarray(0, readSync(fd, into, 0, bytes, offset));
    },
    close: () => closeSync(fd),
  };
}

const frame = (send: TftpSend, source: Source): Uint8Array =>
  encodeTftp(
    send.kind === 'packet'
      ? send.packet
      : { kind: 'data', block: send.block, bytes: source.read(send.offset, send.bytes) },
  );

const ackedBytes = ({ acked, options, fileBytes }: TftpTransfer): number =>
  Math.min(Math.max(acked, 0) * options.blockBytes, fileBytes);
