import { TFTP_ERROR, type TftpPacket } from '../wire/tftp-packet.ts';
import type { TftpOptions } from './tftp-options.ts';
import { type Pace, paceAfterReply, paceAfterSilence, patienceMs, START_PACE } from './tftp-pace.ts';

/** One file on its way to one machine. Blocks are counted from 1 without end; on the wire they wrap at 65,536. */
export interface TftpTransfer {
  readonly fileBytes: number;
  readonly options: TftpOptions;
  /** The last block acknowledged; -1 while the OACK is not. */
  readonly acked: number;
  /** The last block sent of the current window. */
  readonly sent: number;
  readonly lastBlock: number;
  /** A window is sent again for a duplicate ACK once: else both ends double every packet for good. */
  readonly resentForDuplicate: boolean;
  readonly pace: Pace;
  /** How often something was sent again. */
  readonly resends: number;
  /** The last sign of life; null while there was none. */
  readonly heardAtMs: number | null;
}

/** What the shell shall send: blocks `first` to `last` of the file, or a packet. */
export type TftpSend =
  | { readonly kind: 'blocks'; readonly first: number; readonly last: number }
  | { readonly kind: 'packet'; readonly packet: TftpPacket };

export interface TftpStep {
  readonly transfer: TftpTransfer;
  readonly send: TftpSend | null;
  /** Set when the transfer has ended, and how. `aborted`: the machine said so, as ROMs do after asking the size. */
  readonly ended: TftpEnd | null;
}

export interface TftpEnd {
  readonly how: 'completed' | 'aborted' | 'failed';
  readonly reason: string;
}

/** A machine that was heard may flash its lights this long. */
const MAX_SILENT_MS = 30_000;
/** One that never answered may be forged: what is sent in its name is limited. With doubling pauses some 8 s. */
const MAX_UNANSWERED = 5;

/** Starts a transfer: the OACK if options were accepted, else the first block. */
export function startTransfer(fileBytes: number, options: TftpOptions, nowMs: number): TftpStep {
  const lastBlock = Math.floor(fileBytes / options.blockBytes) + 1; // a short block ends it, if need be an empty one
  const transfer: TftpTransfer = {
    fileBytes,
    options,
    acked: options.accepted.size > 0 ? -1 : 0,
    sent: 0,
    lastBlock,
    resentForDuplicate: false,
    pace: START_PACE,
    resends: 0,
    heardAtMs: null,
  };
  return sendWindow(transfer, nowMs);
}

/** Takes a packet other than an ACK that the machine sent to the transfer's port. */
export function takePacket(transfer: TftpTransfer, packet: TftpPacket, nowMs: number): TftpStep {
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
      return end(transfer, 'failed', `the machine sent ${packet.kind} in a read`, {
        kind: 'packet',
        packet: { kind: 'error', code: TFTP_ERROR.illegalOperation, message: 'not in a read' },
      });
  }
}

/** Takes an ACK: what comes by the ten thousand. */
export function takeAck(transfer: TftpTransfer, wireBlock: number, nowMs: number): TftpStep {
  const block = unwrap(transfer, wireBlock);
  if (block === null) return still(transfer); // older than the last one, or of a block never sent
  if (block === transfer.acked) return takeDuplicate(transfer, nowMs);
  const next: TftpTransfer = {
    ...transfer,
    acked: block,
    pace: paceAfterReply(transfer.pace, nowMs),
    resentForDuplicate: false,
    heardAtMs: nowMs,
  };
  return block === transfer.lastBlock
    ? end(next, 'completed', 'every block acknowledged')
    : sendWindow(next, nowMs);
}

/**
 * The same ACK again. With a window it says that the window's first block was lost (RFC 7440 §4): sent again, once.
 * Without one it is an echo of a delayed packet, and answering would breed more: the Sorcerer's Apprentice bug, RFC
 * 1123 §4.2.3.1. So is one that comes sooner than an answer to what was just sent can: a machine may complain of each
 * block behind a gap.
 */
function takeDuplicate(transfer: TftpTransfer, nowMs: number): TftpStep {
  const { pace, options, resentForDuplicate } = transfer;
  const tooSoon = nowMs - pace.sentAtMs < (pace.smoothMs ?? 0) / 2;
  if (options.windowBlocks === 1 || resentForDuplicate || tooSoon) return still(transfer);
  return sendWindow({ ...transfer, resentForDuplicate: true, heardAtMs: nowMs }, nowMs, true);
}

/** Nothing came for the pace's time: sends the window (or the OACK) again, or gives up. */
export function takeSilence(transfer: TftpTransfer, nowMs: number): TftpStep {
  const pace = paceAfterSilence(transfer.pace);
  const { heardAtMs } = transfer;
  if (heardAtMs === null ? pace.silences > MAX_UNANSWERED : nowMs - heardAtMs >= MAX_SILENT_MS) {
    const place = transfer.acked < 0 ? 'the OACK' : `block ${transfer.acked} of ${transfer.lastBlock}`;
    return end(transfer, 'failed', `the machine fell silent after ${place}`);
  }
  return sendWindow({ ...transfer, pace }, nowMs, true);
}

/** When a silence is one. */
export const silentAtMs = ({ pace, options }: TftpTransfer): number =>
  pace.sentAtMs + patienceMs(pace, options.timeoutSeconds);

/** What the machine has for sure. */
export const ackedBytes = ({ acked, options, fileBytes }: TftpTransfer): number =>
  Math.min(Math.max(acked, 0) * options.blockBytes, fileBytes);

/** Sends what follows the last acknowledged block, up to a whole window. */
function sendWindow(transfer: TftpTransfer, nowMs: number, again = false): TftpStep {
  const pace = { ...transfer.pace, sentAtMs: nowMs, resent: again };
  const resends = transfer.resends + (again ? 1 : 0);
  if (transfer.acked < 0) {
    const packet: TftpPacket = { kind: 'oack', options: transfer.options.accepted };
    return { transfer: { ...transfer, pace, resends }, send: { kind: 'packet', packet }, ended: null };
  }
  const first = transfer.acked + 1;
  const last = Math.min(transfer.acked + transfer.options.windowBlocks, transfer.lastBlock);
  return {
    transfer: { ...transfer, sent: last, pace, resends },
    send: { kind: 'blocks', first, last },
    ended: null,
  };
}

/** The block between the last acknowledged and the last sent that wraps to `wireBlock`; null when there is none. */
function unwrap({ acked, sent }: TftpTransfer, wireBlock: number): number | null {
  const base = Math.max(acked, 0);
  const ahead = (wireBlock - base) & 0xffff;
  if (acked < 0) return ahead === 0 ? 0 : null; // ACK 0 answers the OACK
  return acked + ahead <= sent ? acked + ahead : null;
}

const still = (transfer: TftpTransfer): TftpStep => ({ transfer, send: null, ended: null });

const end = (
  transfer: TftpTransfer,
  how: TftpEnd['how'],
  reason: string,
  send: TftpSend | null = null,
): TftpStep => ({ transfer, send, ended: { how, reason } });
