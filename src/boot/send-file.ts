import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../errors.ts';
import type { HttpReply, HttpRequest } from '../net/http.ts';
import type { Artefact } from './artefact.ts';
import { type ByteRange, readRange } from './http-range.ts';

const CHUNK_BYTES = 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  efi: 'application/efi', // UEFI HTTP boot takes a file for a program by this, or by its name
  ipxe: 'text/plain',
};

/** How a file's transfer ended. */
export interface SentFile {
  readonly how: 'completed' | 'failed';
  readonly reason: string;
  readonly bytes: number;
  /** A HEAD request, or a part of the file: no sign that the machine has it all. */
  readonly partial: boolean;
}

/**
 * Answers GET or HEAD of a file, always with Content-Length: some firmware takes nothing else. Written on the bare
 * response, which is what makes `end(buffer)` and large chunks possible. Resolves when the last byte was handed on.
 */
export async function sendFile(request: HttpRequest, reply: HttpReply, file: Artefact): Promise<SentFile> {
  const etag = `"${file.bytes.toString(16)}-${Math.floor(file.modifiedMs).toString(16)}"`;
  const ifRange = request.headers['if-range'];
  const mayRange = request.method === 'GET' && (ifRange === undefined || ifRange === etag);
  const range = mayRange ? readRange(request.headers.range, file.bytes) : ({ kind: 'whole' } as const);
  reply.hijack();
  const response = reply.raw;
  if (range.kind === 'unsatisfiable') return refuseRange(response, file);
  const { first, last } = range.kind === 'part' ? range : { first: 0, last: file.bytes - 1 };
  response.writeHead(range.kind === 'part' ? 206 : 200, headersOf(file, etag, range));
  const partial = request.method === 'HEAD' || range.kind === 'part';
  try {
    await sendBody(request.method === 'HEAD' ? null : { first, last }, response, file);
    return { how: 'completed', reason: 'every byte was sent', bytes: last - first + 1, partial };
  } catch (error) {
    const reason = `the machine broke off: ${reasonOf(error)}`;
    return { how: 'failed', reason, bytes: 0, partial };
  }
}

function headersOf(file: Artefact, etag: string, range: ByteRange): Record<string, string | number> {
  const length = range.kind === 'part' ? range.last - range.first + 1 : file.bytes;
  const extension = file.path.slice(file.path.lastIndexOf('.') + 1);
  return {
    'content-type': CONTENT_TYPES[extension] ?? 'application/octet-stream',
    'content-length': length,
    'accept-ranges': 'bytes',
    'last-modified': new Date(file.modifiedMs).toUTCString(),
    etag,
    ...(range.kind === 'part' ? { 'content-range': `bytes ${range.first}-${range.last}/${file.bytes}` } : {}),
  };
}

async function sendBody(
  part: { first: number; last: number } | null,
  response: ServerResponse,
  file: Artefact,
): Promise<void> {
  if (part && !file.memory && file.bytes > 0) {
    const stream = createReadStream(file.path, {
      start: part.first,
      end: part.last,
      highWaterMark: CHUNK_BYTES,
    });
    return pipeline(stream, response);
  }
  await new Promise<void>((resolve, reject) => {
    response.once('finish', resolve);
    response.once('close', () => reject(new Error('connection closed')));
    if (part && file.memory) response.end(file.memory.subarray(part.first, part.last + 1));
    else response.end();
  });
}

async function refuseRange(response: ServerResponse, file: Artefact): Promise<SentFile> {
  const text = 'the file is shorter than that\n';
  response.writeHead(416, { 'content-range': `bytes */${file.bytes}`, 'content-length': text.length });
  response.end(text);
  return { how: 'failed', reason: 'asked for bytes past the end', bytes: 0, partial: true };
}
