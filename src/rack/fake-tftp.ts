import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** The end of a download: how many bytes came and how many were announced, or what the server said. */
export type TftpEnd =
  | { readonly ok: true; readonly bytes: number; readonly announcedBytes: number | null }
  | { readonly ok: false; readonly reason: string };

interface TftpAsk {
  readonly server: string;
  readonly file: string;
  readonly signal: AbortSignal;
  readonly port?: number;
}

const BLOCK_BYTES = 1456;
const RESEND_MS = 1_000;
const MAX_RESENDS = 5;
const [RRQ, DATA, ACK, ERROR, OACK] = [1, 3, 4, 5, 6];

/** Reads one file by TFTP as firmware does (RFC 1350, 2347 to 2349): octet, `tsize` 0, `blksize` 1456. */
export async function readTftp(ask: TftpAsk): Promise<TftpEnd> {
  const socket = createSocket('udp4');
  const datagrams: { bytes: Buffer; port: number }[] = [];
  let wake = () => {};
  socket.on('message', (bytes, from) => {
    datagrams.push({ bytes, port: from.port });
    wake();
  });
  socket.bind(0);
  await once(socket, 'listening', { signal: ask.signal });
  const next = async (waitMs: number) => {
    if (datagrams.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      ask.signal.throwIfAborted();
    }
    return datagrams.shift() ?? null;
  };
  try {
    return await transfer(
      ask,
      next,
      // Closing the socket drops what is not yet sent: the last acknowledgement, after which the server asks in vain.
      (bytes, port) => new Promise((resolve) => socket.send(bytes, port, ask.server, () => resolve())),
    );
  } finally {
    socket.close();
  }
}

async function transfer(
  ask: TftpAsk,
  next: (waitMs: number) => Promise<{ bytes: Buffer; port: number } | null>,
  send: (bytes: Buffer, port: number) => Promise<void>,
): Promise<TftpEnd> {
  let port = ask.port ?? 69;
  let last = readRequest(ask.file);
  let [block, bytes, blockBytes, resends] = [0, 0, 512, 0];
  let announcedBytes: number | null = null;
  await send(last, port);
  for (;;) {
    const datagram = await next(RESEND_MS);
    if (!datagram) {
      resends += 1;
      if (resends > MAX_RESENDS) return { ok: false, reason: 'the TFTP server does not answer' };
      await send(last, port);
      continue;
    }
    const opcode = datagram.bytes.readUInt16BE(0);
    port = datagram.port; // the transfer's own (RFC 1350 §4)
    if (opcode === ERROR) return { ok: false, reason: `TFTP error: ${datagram.bytes.toString('latin1', 4)}` };
    if (opcode === OACK) {
      const options = readOptions(datagram.bytes);
      blockBytes = Number(options.get('blksize') ?? 512);
      announcedBytes = options.has('tsize') ? Number(options.get('tsize')) : null;
    } else if (opcode !== DATA || datagram.bytes.readUInt16BE(2) !== ((block + 1) & 0xffff)) {
      continue; // a duplicate: answering it again would double every packet (RFC 1123 §4.2.3.1)
    } else {
      block = (block + 1) & 0xffff;
      bytes += datagram.bytes.length - 4;
    }
    resends = 0;
    last = Buffer.of(0, ACK ?? 4, block >> 8, block & 0xff);
    await send(last, port);
    if (opcode === DATA && datagram.bytes.length - 4 < blockBytes) return { ok: true, bytes, announcedBytes };
  }
}

const readRequest = (file: string): Buffer =>
  Buffer.concat([
    Buffer.of(0, RRQ ?? 1),
    Buffer.from([file, 'octet', 'tsize', '0', 'blksize', String(BLOCK_BYTES), ''].join('\0'), 'latin1'),
  ]);

function readOptions(bytes: Buffer): Map<string, string> {
  const words = bytes.toString('latin1', 2).split('\0');
  const options = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2)
    options.set((words[at] ?? '').toLowerCase(), words[at + 1] ?? '');
  return options;
}
