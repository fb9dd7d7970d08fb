import { createHash, type Hash } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { reasonOf } from '../errors.ts';

/** A body that was read to its end and thrown away, all but what tells that it came whole. */
export interface FetchedFile {
  readonly status: number;
  readonly bytes: number;
  readonly sha256: string;
  /** In the algorithm that was asked for; null when none was. */
  readonly digest: string | null;
  /** The first 512 bytes: a disk image's boot sector. */
  readonly head: Buffer;
  /** Only of small bodies. */
  readonly text: string;
}

interface FetchOptions {
  readonly signal: AbortSignal;
  readonly method?: 'GET' | 'HEAD';
  readonly algorithm?: string;
  /** How long the server may be silent. */
  readonly idleMs?: number;
}

const TEXT_LIMIT_BYTES = 1024 * 1024;
const IDLE_MS = 30_000;

/**
 * Reads a file by HTTP as firmware and iPXE do: one connection, no redirects. A refusal, a broken connection or a
 * body shorter than its Content-Length throws; any status is an answer.
 */
export function fetchFile(url: string, options: FetchOptions): Promise<FetchedFile> {
  return new Promise((resolve, reject) => {
    const common = { method: options.method ?? 'GET', signal: options.signal, agent: false } as const;
    const asked = url.startsWith('https:')
      ? requestHttps(url, { ...common, rejectUnauthorized: false }) // as the agent with `ipa-insecure=1`
      : requestHttp(url, common);
    asked.setTimeout(options.idleMs ?? IDLE_MS, () => asked.destroy(new Error(`${url} is silent`)));
    asked.on('error', (error) => reject(new Error(`${url}: ${reasonOf(error)}`, { cause: error })));
    asked.on('response', (response) => {
      readBody(response, options.algorithm ?? null).then(resolve, reject);
    });
    asked.end();
  });
}

async function readBody(response: IncomingMessage, algorithm: string | null): Promise<FetchedFile> {
  const sha256 = createHash('sha256');
  const digest: Hash | null = algorithm ? createHash(algorithm) : null;
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < TEXT_LIMIT_BYTES) kept.push(chunk);
    bytes += chunk.length;
    sha256.update(chunk);
    digest?.update(chunk);
  }
  const start = Buffer.concat(kept);
  return {
    status: response.statusCode ?? 0,
    bytes,
    sha256: sha256.digest('hex'),
    digest: digest?.digest('hex') ?? null,
    head: start.subarray(0, 512),
    text: bytes <= TEXT_LIMIT_BYTES ? start.toString('utf8') : '',
  };
}
