import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { reasonOf } from '../errors.ts';
import type { HttpReply, HttpRequest } from '../net/http.ts';
import { describeFile, type FileArtefact } from './artefact.ts';
import { rangeHolds, weighConditions } from './http-conditions.ts';
import { type ByteRange, readRange } from './http-range.ts';
import { type Part, streamFile } from './stream-file.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  efi: 'application/efi', // UEFI HTTP boot takes a file for a program by this, or by its name
  ipxe: 'text/plain',
};

/** How a file's transfer ended. */
export interface SentFile {
  readonly how: 'completed' | 'failed' | 'not modified';
  readonly reason: string;
  readonly bytes: number;
  /** A HEAD request, or a part of the file: no sign that the machine has it all. */
  readonly partial: boolean;
}

/**
 * Answers GET or HEAD of a file, always with Content-Length: some firmware takes nothing else. Written on the bare
 * response, which is what makes `end(buffer)` and large chunks possible. Resolves when the last byte was handed on.
 * Null when the file is gone meanwhile, with nothing answered yet.
 */
export async function sendFile(
  request: HttpRequest,
  reply: HttpReply,
  file: FileArtefact,
): Promise<SentFile | null> {
  if (file.memory) return answer(request, reply, file, (part) => endWith(reply.raw, file.memory, part));
  const handle = await open(file.path).catch(() => null);
  if (handle === null) return null;
  try {
    // What the descriptor says: the name may have been given to another file since it was looked at.
    const now = describeFile(file.path, await handle.stat());
    return await answer(request, reply, now, (part) =>
      now.bytes === 0 ? endWith(reply.raw, null, part) : streamFile(handle, part, reply.raw),
    );
  } finally {
    await handle.close();
  }
}

async function answer(
  { method, headers }: HttpRequest,
  reply: HttpReply,
  file: FileArtefact,
  sendPart: (part: Part) => Promise<void>,
): Promise<SentFile> {
  const condition = weighConditions(headers, file);
  const mayRange = method === 'GET' && rangeHolds(headers['if-range'], file);
  const range = mayRange ? readRange(headers.range, file.bytes) : ({ kind: 'whole' } as const);
  reply.hijack();
  const response = reply.raw;
  if (condition === 'not modified') return notModified(response, file);
  if (condition === 'failed')
    return refuse(response, 412, 'the file is another one by now', 'If-Match does not hold');
  if (range.kind === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${file.bytes}`);
    return refuse(response, 416, 'the file is shorter than that', 'asked for bytes past the end');
  }
  const part = range.kind === 'part' ? range : { first: 0, last: file.bytes - 1 };
  response.writeHead(range.kind === 'part' ? 206 : 200, headersOf(file, range) as string[]);
  const partial = method === 'HEAD' || range.kind === 'part';
  try {
    await (method === 'HEAD' ? endWith(response, null, part) : sendPart(part));
    return { how: 'completed', reason: 'every byte was sent', bytes: part.last - part.first + 1, partial };
  } catch (error) {
    response.destroy(); // a body that is too short must not be followed by another answer
    return { how: 'failed', reason: `broken off: ${reasonOf(error)}`, bytes: 0, partial };
  }
}

const wholeHeaders = new WeakMap<FileArtefact, readonly string[]>();

/** Names and values in turn. Those of a whole file are made once. */
function headersOf(file: FileArtefact, range: ByteRange): readonly string[] {
  if (range.kind !== 'part') {
    const made = wholeHeaders.get(file) ?? [...commonHeaders(file), 'content-length', String(file.bytes)];
    wholeHeaders.set(file, made);
    return made;
  }
  const { first, last } = range;
  const part = [
    'content-length',
    String(last - first + 1),
    'content-range',
    `bytes ${first}-${last}/${file.bytes}`,
  ];
  return [...commonHeaders(file), ...part];
}

function commonHeaders({ path, modifiedMs, etag }: FileArtefact): string[] {
  const type = CONTENT_TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  const modified = new Date(modifiedMs).toUTCString();
  return ['content-type', type, 'accept-ranges', 'bytes', 'last-modified', modified, 'etag', etag];
}

function endWith(response: ServerResponse, bytes: Uint8Array | null, part: Part): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('finish', resolve);
    response.once('close', () => {
      if (!response.writableFinished) reject(new Error('the machine closed the connection'));
    });
    if (bytes === null) response.end();
    else
      response.end(
        part.last + 1 - part.first === bytes.length ? bytes : bytes.subarray(part.first, part.last + 1),
      );
  });
}

/** RFC 9110 §15.4.5: the validators again, and no body. */
async function notModified(response: ServerResponse, file: FileArtefact): Promise<SentFile> {
  response.writeHead(304, { etag: file.etag, 'last-modified': new Date(file.modifiedMs).toUTCString() });
  response.end();
  return { how: 'not modified', reason: 'the machine has this version', bytes: 0, partial: true };
}

async function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  reason: string,
): Promise<SentFile> {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': text.length + 1 });
  response.end(`${text}\n`);
  return { how: 'failed', reason, bytes: 0, partial: true };
}
