import { TFTP_ERROR, type TftpPacket } from '../wire/tftp-packet.ts';
import type { TftpOptions } from './tftp-options.ts';
import { type Pace, paceAfterReply, paceAfterSilence, START_PACE } from './tftp-pace.ts';

/** One file on its way to one machine. Blocks are counted from 1 without end; on the wire they wrap at 65,536. */
export interface TftpTransfer {
  readonly fileBytes: number;
  readonly options: TftpOptions;
  /** The machine's transfer identifier: only its packets count. RFC 1350 §4. */
  readonly peer: { readonly address: string; readonly port: number };
  /** The last block acknowledged; -1 while the OACK is not. */
  readonly acked: number;
  /** The last block sent of the current window. */
  readonly sent: number;
  readonly lastBlock: number;
  /** A window is sent again for a duplicate ACK once: else both ends double every packet for good. */
  readonly resentForDuplicate: boolean;
  readonly pace: Pace;
}

/** What the shell shall send: a piece of the file as a numbered block, or a packet. */
export type TftpSend =
  | { readonly kind: 'block'; readonly block: number; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'packet'; readonly packet: TftpPacket; readonly to: TftpTransfer['peer'] };

export interface TftpStep {
  readonly transfer: TftpTransfer;
  readonly send: readonly TftpSend[];
  /** Set when the transfer has ended, and how. `aborted`: the machine said so, as ROMs do after asking the size. */
  readonly ended: { readonly how: 'completed' | 'aborted' | 'failed'; readonly reason: string } | null;
}

/** Gives up after this many silences in a row: with doubling pauses about half a minute. */
const MAX_SILENCES = 10;

/** Starts a transfer: the OACK if options were accepted, else the first block. */
export function startTransfer(
  fileBytes: number,
  options: TftpOptions,
  peer: TftpTransfer['peer'],
  nowMs: number,
): TftpStep {
  const lastBlock = Math.floor(fileBytes / options.blockBytes) + 1; // a short block ends it, if need be an empty one
  const transfer: TftpTransfer = {
    fileBytes,
    options,
    peer,
    acked: options.accepted.size > 0 ? -1 : 0,
    sent: 0,
    lastBlock,
    resentForDuplicate: false,
    pace: START_PACE,
  };
  return sendWindow(transfer, nowMs);
}

/** Takes one packet that came to the transfer's port. */
export function takePacket(
  transfer: TftpTransfer,
  packet: TftpPacket,
  from: TftpTransfer['peer'],
  nowMs: number,
): TftpStep {
  if (from.address !== transfer.peer.address || from.port !== transfer.peer.port)
    return {
      transfer,
      send: [errorPacket(from, TFTP_ERROR.unknownTransfer, 'unknown transfer')],
      ended: null,
    };
  switch (packet.kind) {
    case 'ack':
      return takeAck(transfer, packet.block, nowMs);
    case 'error':
      return end(
        transfer,
        'aborted',
        `the machine ended it: error ${packet.code} ${packet.message}`.trimEnd(),
      );
    case 'read': // its request again: the answer is under way, and sent again by the clock
      return still(transfer);
    case 'write':
    case 'data':
    case 'oack':
      return end(transfer, 'failed', `the machine sent ${packet.kind} in a read`, [
        errorPacket(from, TFTP_ERROR.illegalOperation, 'not in a read'),
      ]);
  }
}

function takeAck(transfer: TftpTransfer, wireBlock: number, nowMs: number): TftpStep {
  const block = unwrap(transfer, wireBlock);
  if (block === null) return still(transfer); // older than the last one, or of a block never sent
  if (block === transfer.acked) return takeDuplicate(transfer, nowMs);
  const pace = paceAfterReply(transfer.pace, nowMs);
  const next = { ...transfer, acked: block, pace, resentForDuplicate: false };
  return block === transfer.lastBlock
    ? end(next, 'completed', 'every block acknowledged')
    : sendWindow(next, nowMs);
}

/**
 * The same ACK again. With a window it says that the window's first block was lost (RFC 7440 §4): sent again, once.
 * Without one it is an echo of a delayed packet, and answering would breed more: the Sorcerer's Apprentice bug, RFC
 * 1123 §4.2.3.1.
 */
function takeDuplicate(transfer: TftpTransfer, nowMs: number): TftpStep {
  if (transfer.options.windowBlocks === 1 || transfer.resentForDuplicate) return still(transfer);
  return sendWindow({ ...transfer, resentForDuplicate: true }, nowMs, true);
}

/** Nothing came for the pace's time: sends the window (or the OACK) again, or gives up. */
export function takeSilence(transfer: TftpTransfer, nowMs: number): TftpStep {
  const pace = paceAfterSilence(transfer.pace);
  if (pace.silences > MAX_SILENCES) {
    const place = transfer.acked < 0 ? 'the OACK' : `block ${transfer.acked} of ${transfer.lastBlock}`;
    return end(transfer, 'failed', `the machine fell silent after ${place}`);
  }
  return sendWindow({ ...transfer, pace }, nowMs, true);
}

/** Sends what follows the last acknowledged block, up to a whole window. */
function sendWindow(transfer: TftpTransfer, nowMs: number, again = false): TftpStep {
  const pace = { ...transfer.pace, sentAtMs: nowMs, resent: again };
  if (transfer.acked < 0) {
    const oack: TftpSend = {
      kind: 'packet',
      packet: { kind: 'oack', options: transfer.options.accepted },
      to: transfer.peer,
    };
    return { transfer: { ...transfer, pace }, send: [oack], ended: null };
  }
  const first = transfer.acked + 1;
  const last = Math.min(transfer.acked + transfer.options.windowBlocks, transfer.lastBlock);
  const send: TftpSend[] = [];
  for (let block = first; block <= last; block++) send.push(blockOf(transfer, block));
  return { transfer: { ...transfer, sent: last, pace }, send, ended: null };
}

function blockOf({ fileBytes, options: { blockBytes } }: TftpTransfer, block: number): TftpSend {
  const offset = (block - 1) * blockBytes;
  return { kind: 'block', block: block & 0xffff, offset, bytes: Math.min(blockBytes, fileBytes - offset) };
}

/** The block between the last acknowledged and the last sent that wraps to `wireBlock`; null when there is none. */
function unwrap({ acked, sent }: TftpTransfer, wireBlock: number): number | null {
  const base = Math.max(acked, 0);
  const ahead = (wireBlock - base) & 0xffff;
  if (acked < 0) return ahead === 0 ? 0 : null; // ACK 0 answers the OACK
  return acked + ahead <= sent ? acked + ahead : null;
}

const still = (transfer: TftpTransfer): TftpStep => ({ transfer, send: [], ended: null });

const end = (
  transfer: TftpTransfer,
  how: 'completed' | 'aborted' | 'failed',
  reason: string,
  send: readonly TftpSend[] = [],
): TftpStep => ({ transfer, send, ended: { how, reason } });

const errorPacket = (to: TftpTransfer['peer'], code: number, message: string): TftpSend => ({
  kind: 'packet',
  packet: { kind: 'error', code, message },
  to,
});
