import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BlackstartError } from '../errors.ts';
import { download } from '../net/download.ts';
import type { SiteImage } from '../site/image.ts';

/** An image as machines fetch it from the seed: a file here, its name in the URL, and what it must hash to. */
export interface ServedImage {
  readonly file: string;
  readonly urlName: string;
  readonly sha256: string;
  readonly format: 'raw' | 'qcow2';
}

/** An image that is a file: there, and what the site says it is. Checked before anything is written to a disk. */
export async function fileImage(name: string, image: SiteImage, siteDir: string): Promise<ServedImage> {
  if (image.source.kind !== 'file') throw new Error(`image ${name} is no file`);
  const file = resolve(siteDir, image.source.file);
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) {
    throw new BlackstartError('E_IMAGE_MISSING', `image "${name}": there is no file ${file}`, {
      remedy: 'Put it there, or correct "file" in site.yaml.',
    });
  }
  const sha256 = await sha256Of(file);
  if (image.source.sha256 !== null && image.source.sha256 !== sha256) {
    throw new BlackstartError(
      'E_IMAGE_CHECKSUM',
      `image "${name}": ${file} has the checksum ${sha256}, site.yaml says ${image.source.sha256}`,
      {
        remedy:
          'The file was damaged or replaced: fetch it again, or correct "sha256" in site.yaml if the new one is wanted.',
      },
    );
  }
  return { file, urlName: `${name}-${sha256.slice(0, 12)}.${image.format}`, sha256, format: image.format };
}

/** An image from a URL: downloaded once into the cache, under its checksum. */
export async function downloadedImage(
  name: string,
  image: SiteImage,
  cacheDir: string,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<ServedImage> {
  if (image.source.kind !== 'url') throw new Error(`image ${name} has no URL`);
  const { url, sha256 } = image.source;
  const dir = join(cacheDir, 'downloads');
  const file = join(dir, `${sha256}.${image.format}`);
  await mkdir(dir, { recursive: true });
  if (!existsSync(file)) await download(url, file, { sha256, report, signal });
  return { file, urlName: `${name}-${sha256.slice(0, 12)}.${image.format}`, sha256, format: image.format };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
