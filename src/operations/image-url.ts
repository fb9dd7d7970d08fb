import { stat } from 'node:fs/promises';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { request } from '../net/request.ts';
import type { Site } from '../site/site.ts';
import type { ServedImage } from './images.ts';

const ASK_MS = 5_000;

/**
 * Where a machine fetches an image, from the seed's address on its network: nginx where the site has one and it has
 * just that file, else the seed itself. So an nginx that is down or was rendered before the image costs speed only.
 */
export async function imageUrl(
  { seed }: Pick<Site, 'seed'>,
  address: string,
  image: ServedImage,
  log: Pick<Log, 'warn'>,
): Promise<string> {
  const path = `/images/${image.urlName}`;
  const own = `http://${address}:${seed.httpPort}${path}`;
  if (seed.nginxPort === null) return own;
  const handedOff = `http://${address}:${seed.nginxPort}${path}`;
  const against = await whyNotThere(handedOff, image);
  if (against === null) return handedOff;
  log.warn({ url: handedOff, reason: against }, 'image not handed off to nginx');
  return own;
}

async function whyNotThere(url: string, { file }: ServedImage): Promise<string | null> {
  try {
    const { size } = await stat(file);
    const { status, headers } = await request(url, { method: 'HEAD', timeoutMs: ASK_MS });
    if (status !== 200) return `it answers ${status}: "blackstart render nginx", and reload it`;
    return Number(headers['content-length']) === size ? null : 'it has another file by that name';
  } catch (error) {
    return reasonOf(error);
  }
}
