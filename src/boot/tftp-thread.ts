import type { MessagePort } from 'node:worker_threads';
import type { TftpReport, TftpServerLimits } from '../core/tftp-server.ts';
import type { TftpFile } from './tftp-file.ts';

/** A socket of the TFTP thread. Requests come to the well-known port, all else to the transfers'. */
export interface TftpSocket {
  readonly fd: number;
  readonly family: 4 | 6;
  readonly use: 'requests' | 'transfers';
}

/** What the thread is started with. */
export interface TftpThreadData {
  readonly messages: MessagePort;
  /** An eventfd: written to when there is a message, since the thread sleeps in the kernel. */
  readonly wakeFd: number;
  readonly sockets: readonly TftpSocket[];
  readonly limits: TftpServerLimits;
  /** Whether the kernel takes UDP_SEGMENT. */
  readonly segments: boolean;
}

/** What the thread asks and tells. */
export type FromTftpThread =
  | { kind: 'look'; number: number; file: string; netascii: boolean; address: string }
  | { kind: 'ended'; report: TftpReport }
  | { kind: 'malformed'; address: string; reason: string; bytes: number }
  | { kind: 'segments refused'; errno: number }
  | { kind: 'fault'; reason: string };

/** What the thread is told: what there is by a name it asked for, or why there is nothing. */
export type ToTftpThread =
  | { kind: 'found'; number: number; netascii: boolean; file: TftpFile | string }
  | { kind: 'close' };
