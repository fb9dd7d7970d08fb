import { Agent, get, type IncomingMessage } from 'node:http';
import { holdsAt } from './storm-files.ts';

/** A machine's iPXE hangs up after so long a silence. */
const SILENCE_MS = 30_000;

/** One machine's HTTP client: its own address, one connection that is kept while it lasts. */
export class MachineHttp {
  readonly #agent: Agent;

  constructor(localAddress: string) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress });
  }

  async text(url: string): Promise<string> {
    const pieces: Buffer[] = [];
    await this.#fetch(url, (piece) => pieces.push(piece));
    return Buffer.concat(pieces).toString();
  }

  /** Fetches a file of the storm, and throws it away; how many bytes it had. */
  async load(url: string): Promise<number> {
    let bytes = 0;
    await this.#fetch(url, (piece) => {
      if (bytes % 4 === 0 && !holdsAt(piece, 0, piece.length, bytes))
        throw new Error(`wrong at byte ${bytes}`);
      bytes += piece.length;
    });
    return bytes;
  }

  close(): void {
    this.#agent.destroy();
  }

  #fetch(url: string, take: (piece: Buffer) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request = get(url, { agent: this.#agent, timeout: SILENCE_MS }, (response: IncomingMessage) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.on('data', (piece: Buffer) => {
        try {
          take(piece);
        } catch (error) {
          request.destroy(error as Error);
        }
      });
      response.on('end', resolve);
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`silence of ${SILENCE_MS / 1000} s`)));
    request.on('error', reject);
    return promise;
  }
}

/** The kernel and the ramdisk that an iPXE script names. */
export function readScript(text: string): { readonly kernel: string; readonly ramdisk: string } {
  const kernel = /^kernel (http\S+)/m.exec(text)?.[1];
  const ramdisk = /^initrd (?:--name \S+ )?(http\S+)/m.exec(text)?.[1];
  if (!(text.startsWith('#!ipxe') && kernel && ramdisk)) throw new Error('the script boots nothing');
  return { kernel, ramdisk };
}
