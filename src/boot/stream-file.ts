import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

/** Larger pieces were not faster; two of them are all that a transfer holds. */
const PIECE_BYTES = 1024 * 1024;

/** First and last byte, both included. */
export interface Part {
  readonly first: number;
  readonly last: number;
}

/**
 * Sends a part of a file and ends the response: while one piece goes out, the next is read. Rejects when the machine
 * closes the connection, or when the file became shorter, since Content-Length is out already.
 */
export async function streamFile(handle: FileHandle, part: Part, response: ServerResponse): Promise<void> {
  const gone = new Promise<never>((_, reject) =>
    response.once('close', () => reject(new Error('the machine closed the connection'))),
  );
  gone.catch(() => {});
  const bytes = Math.min(PIECE_BYTES, part.last - part.first + 1);
  const [here, there] = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)];
  let at = part.first;
  let reading = readPiece(handle, here, at, part.last);
  for (let into = there; at <= part.last; into = into === there ? here : there) {
    const piece = await reading;
    at += piece.length;
    if (at <= part.last) {
      reading = readPiece(handle, into, at, part.last);
      reading.catch(() => {}); // told when its turn comes, unless the machine is gone by then
    }
    await Promise.race([gone, written(response, piece)]);
  }
  await Promise.race([gone, new Promise<void>((resolve) => response.end(resolve))]);
}

async function readPiece(handle: FileHandle, into: Buffer, at: number, last: number): Promise<Uint8Array> {
  const { bytesRead } = await handle.read(into, 0, Math.min(into.length, last - at + 1), at);
  if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
  return into.subarray(0, bytesRead);
}

const written = (response: ServerResponse, piece: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    response.write(piece, (error) => (error ? reject(error) : resolve()));
  });
