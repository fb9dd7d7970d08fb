import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { BlackstartError, reasonOf } from '../errors.ts';

interface DownloadOptions {
  /** What the file must hash to, lower-case hex; another one is never left under its name. */
  readonly sha256: string;
  readonly signal: AbortSignal;
  /** Called now and then with how far it is. */
  readonly report: (line: string) => void;
}

const REPORT_BYTES = 64 * 1024 * 1024;

/** Fetches a URL into a file: whole and with the right checksum, or not at all. Throws E_DOWNLOAD or E_IMAGE_CHECKSUM. */
export async function download(
  url: string,
  file: string,
  { sha256, signal, report }: DownloadOptions,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const observe = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      if (Math.floor((bytes + chunk.length) / REPORT_BYTES) > Math.floor(bytes / REPORT_BYTES))
        report(`${url}: ${Math.round(bytes / 1e6)} MB`);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    const { statusCode, body } = await request(url, { signal });
    if (statusCode !== 200) throw new Error(`the server answered ${statusCode}`);
    await pipeline(body, observe, createWriteStream(`${file}.part`, { mode: 0o644 }), { signal });
  } catch (cause) {
    await rm(`${file}.part`, { force: true });
    signal.throwIfAborted();
    throw new BlackstartError('E_DOWNLOAD', `cannot download ${url}: ${reasonOf(cause)}`, {
      remedy:
        'Check that this host reaches it; or fetch the file elsewhere and name it by "file" in site.yaml.',
      cause,
    });
  }
  const found = hash.digest('hex');
  if (found === sha256) return rename(`${file}.part`, file);
  await rm(`${file}.part`, { force: true });
  throw new BlackstartError(
    'E_IMAGE_CHECKSUM',
    `${url} has the checksum ${found}, site.yaml says ${sha256}`,
    {
      remedy:
        'It was damaged on the way or replaced at its source: correct "sha256" in site.yaml if the new one is wanted.',
    },
  );
}
