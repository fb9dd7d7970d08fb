import { tidyName } from '../core/tftp-name.ts';
import { negotiate } from '../core/tftp-options.ts';
import { reasonOf } from '../errors.ts';
import { type Datagram, openUdpSocket, type UdpSocket } from '../net/udp.ts';
import { decodeTftp, encodeTftp, TFTP_ERROR, type TftpRequest } from '../wire/tftp-packet.ts';
import { type Artefact, openArtefact } from './artefact.ts';
import { type BootSegment, macOf, reportEvent } from './boot-segment.ts';
import type { Closable } from './network-boot.ts';
import { tftpContent } from './tftp-content.ts';
import type { TftpContent, TftpFile } from './tftp-file.ts';
import { runTransfer } from './tftp-transfer.ts';

const TFTP_PORT = 69;
const LIMITS = { maxBlockBytes: 1468, maxWindowBlocks: 64 };
const MAX_TRANSFERS = 2048;
const MAX_TRANSFERS_PER_MACHINE = 16;

interface TftpDeps {
  readonly segment: BootSegment;
  readonly content: TftpContent;
}

/** Serves the network boot programs by TFTP on one network's address: read-only, by name, nothing else. */
export async function serveTftp(
  segment: BootSegment,
  port = TFTP_PORT,
): Promise<Closable & { readonly port: number }> {
  const { network, deps } = segment;
  const content = tftpContent(segment);
  const running = new Map<string, AbortController>();
  const listener: UdpSocket = await openUdpSocket({
    device: network.interface,
    address: network.address,
    port,
    onDatagram: (datagram) => {
      answerDatagram(datagram, { segment, content }, listener, running).catch((error: unknown) =>
        deps.log.error({ from: datagram.from, reason: reasonOf(error) }, 'tftp answer failed'),
      );
    },
    onError: (error) => deps.log.warn({ network: network.name, reason: error.message }, 'tftp socket error'),
  });
  return {
    port: listener.port,
    async close() {
      for (const transfer of running.values()) transfer.abort();
      await listener.close();
    },
  };
}

async function answerDatagram(
  { bytes, from }: Datagram,
  tftp: TftpDeps,
  listener: UdpSocket,
  running: Map<string, AbortController>,
): Promise<void> {
  const packet = decodeTftp(bytes);
  if (!packet.ok) return tftp.segment.deps.log.debug({ from, reason: packet.reason }, 'tftp dropped');
  const key = `${from.address}:${from.port}`;
  if (packet.value.kind === 'error' || running.has(key)) return; // a repeat: its transfer is under way
  const refuse = (code: number, message: string) =>
    listener.send(encodeTftp({ kind: 'error', code, message }), from.port, from.address);
  if (packet.value.kind === 'write') return refuse(TFTP_ERROR.accessViolation, 'this server is read-only');
  if (packet.value.kind !== 'read') return refuse(TFTP_ERROR.unknownTransfer, 'unknown transfer');
  if (packet.value.mode !== 'octet') return refuse(TFTP_ERROR.illegalOperation, 'only octet mode is served');
  if (isCrowded(running, from.address)) return; // the machine asks again; an error would end its boot
  const abort = new AbortController();
  running.set(key, abort);
  try {
    await serveFile(packet.value, from, tftp, refuse, abort.signal);
  } finally {
    running.delete(key);
  }
}

async function serveFile(
  request: TftpRequest<'read'>,
  from: Datagram['from'],
  { segment, content }: TftpDeps,
  refuse: (code: number, message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { network, deps } = segment;
  const startedAtMs = deps.clock.nowMs();
  const name = tidyName(request.file);
  const mac = macOf(segment, from.address);
  const found = name === null ? null : await content.find({ name, address: from.address, mac });
  const file = found && (await openFile(found));
  const report = (decision: string, reason: string, bytes: number) =>
    reportEvent(segment, {
      stage: found?.stage ?? 'tftp program',
      decision,
      reason,
      mac,
      address: from.address,
      file: request.file,
      bytes,
      startedAtMs,
    });
  if (!file) {
    refuse(TFTP_ERROR.notFound, 'there is no such file');
    return report('not found', 'nothing is served by this name', 0);
  }
  const options = negotiate(request.options, file.bytes, LIMITS);
  const { how, reason, bytes } = await runTransfer(file, options, from, network, deps.clock, signal);
  report(how, reason, bytes);
}

function isCrowded(running: ReadonlyMap<string, unknown>, address: string): boolean {
  if (running.size >= MAX_TRANSFERS) return true;
  let own = 0;
  for (const key of running.keys()) if (key.startsWith(`${address}:`)) own++;
  return own >= MAX_TRANSFERS_PER_MACHINE;
}

const openFile = async (file: TftpFile): Promise<Artefact | null> =>
  file.kind === 'file'
    ? openArtefact(file.path)
    : { path: '', bytes: file.bytes.length, modifiedMs: 0, memory: file.bytes };
