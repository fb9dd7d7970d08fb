import { reasonOf } from '../errors.ts';
import { AgentError } from './fake-agent-error.ts';
import { type FakeHost, waitScaled } from './fake-host.ts';
import { type FetchedFile, fetchFile } from './fake-http.ts';

/** What Ironic's direct deploy says of the image (`AgentDeploy.write_image`): what is read of it here. */
export interface ImageInfo {
  readonly id: string;
  readonly urls: readonly string[];
  readonly node_uuid?: string;
  readonly checksum?: string;
  readonly os_hash_algo?: string;
  readonly os_hash_value?: string;
}

/** `ipa-image-download-connection-retries` and its interval. */
const RETRIES = 9;
const RETRY_MS = 10_000;

/** The agent's `_validate_image_info`: refuses the command before it starts. */
export function validateImageInfo(info: Partial<ImageInfo> | undefined): ImageInfo {
  if (info?.id === undefined) throw invalid("Image is missing 'id' field.");
  if (!Array.isArray(info.urls) || info.urls.length === 0)
    throw invalid("Image 'urls' must be a list with at least one element.");
  if (!(info.os_hash_algo && info.os_hash_value) && !((info.checksum?.length ?? 0) > 32))
    throw invalid(
      "Image checksum is not available, either the 'checksum' field or the 'os_hash_algo' and 'os_hash_value' fields pair must be set for image verification.",
    );
  return { ...info, id: info.id, urls: info.urls };
}

const invalid = (details: string) => new AgentError('InvalidCommandParamsError', details);

/**
 * Downloads the image and verifies it as `_stream_raw_image_onto_device` does: a wrong checksum and an unreachable
 * server are tried ten times, 10 s apart; a 4xx fails at once. `onStart` is called before each byte goes to the disk.
 */
export async function downloadImage(
  host: FakeHost,
  info: ImageInfo,
  device: string,
  onStart: () => void,
): Promise<FetchedFile & { readonly url: string }> {
  for (let retriesLeft = RETRIES; ; retriesLeft -= 1) {
    try {
      return await downloadOnce(host, info, device, onStart);
    } catch (error) {
      host.signal.throwIfAborted();
      if (!(error instanceof AgentError)) throw error;
      const fatal = error instanceof FatalDownload;
      host.print(`image download failed, ${retriesLeft} tries left: ${error.message}`);
      if (fatal || retriesLeft === 0) throw error;
      await waitScaled(host, RETRY_MS);
    }
  }
}

/** `ImageDownloadFatalError`: the server said that asking again is useless. */
class FatalDownload extends AgentError {
  constructor(details: string) {
    super('ImageDownloadError', details);
  }
}

async function downloadOnce(host: FakeHost, info: ImageInfo, device: string, onStart: () => void) {
  const url = info.urls[0] ?? '';
  const { algorithm, expected } = checksumOf(info);
  onStart();
  const file = await fetchFile(url, { signal: host.signal, algorithm }).catch((error) => {
    throw downloadError(info.id, reasonOf(error));
  });
  if (file.status !== 200) {
    const said = `Received status code ${file.status} from ${url}, expected 200. Response body: ${file.text.slice(0, 200)}`;
    throw file.status < 500
      ? new FatalDownload(`Download of image ${info.id} failed: ${said}`)
      : downloadError(info.id, said);
  }
  if (file.digest !== expected) throw checksumError(info.id, device, expected, file.digest ?? '');
  return { ...file, url };
}

/** `os_hash_algo` before `checksum`, of which the length tells the algorithm. */
function checksumOf(info: ImageInfo): { algorithm: string; expected: string } {
  if (info.os_hash_algo && info.os_hash_value)
    return { algorithm: info.os_hash_algo, expected: info.os_hash_value };
  const expected = info.checksum ?? '';
  return { algorithm: expected.length === 128 ? 'sha512' : 'sha256', expected };
}

const downloadError = (id: string, why: string) =>
  new AgentError('ImageDownloadError', `Download of image ${id} failed: ${why}`);

/** The agent puts the image's id where it says location and the device where it says id; so does this. */
const checksumError = (id: string, device: string, expected: string, actual: string) =>
  new AgentError(
    'ImageChecksumError',
    `Image failed to verify against checksum. location: ${id}; image ID: ${device}; image checksum: ${expected}; verification checksum: ${actual}`,
  );
