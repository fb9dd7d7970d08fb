import { MessageChannel, Worker } from 'node:worker_threads';
import type { BootStage } from '../core/boot-stages.ts';
import { tidyName } from '../core/tftp-name.ts';
import type { TftpReport } from '../core/tftp-server.ts';
import { reasonOf } from '../errors.ts';
import { isIpv6 } from '../net/udp-descriptor.ts';
import { openWakeEvent } from '../net/wake-event.ts';
import { macOfEui64 } from '../wire/ipv6.ts';
import { type BootSegment, macOf, reportEvent } from './boot-segment.ts';
import type { Closable } from './network-boot.ts';
import { createRateLimit } from './rate-limit.ts';
import { tftpContent } from './tftp-content.ts';
import type { TftpContent, TftpFile } from './tftp-file.ts';
import { openTftpSockets, type TftpSockets } from './tftp-sockets.ts';
import type { FromTftpThread, TftpThreadData, ToTftpThread } from './tftp-thread.ts';

const TFTP_PORT = 69;
/** Larger ones break some ROMs, and fragments what loses packets. */
const MAX_BLOCK_BYTES = 1468;
/** Of IP, UDP and TFTP. */
const HEADER_BYTES = { 4: 32, 6: 52 } as const;
const ETHERNET_MTU = 1500;
const LIMITS = { maxWindowBlocks: 64, maxTransfers: 2048, maxTransfersPerMachine: 16 };
/** Events of one machine that asks for what it does not get. */
const REFUSALS = { perMinute: 60, burst: 20 };
/** `off` has every datagram sent by itself: for a network card that segments badly, and for measuring. */
const SEGMENTS_VARIABLE = 'BLACKSTART_TFTP_SEGMENTS';

/** Serves files by TFTP on one network's addresses: read-only, by name, nothing else. */
export async function serveTftp(
  segment: BootSegment,
  port = TFTP_PORT,
  content = tftpContent(segment),
): Promise<Closable & { readonly port: number }> {
  const { network, deps } = segment;
  const sockets = openTftpSockets(network, port);
  const segments = sockets.segments && process.env[SEGMENTS_VARIABLE] !== 'off';
  deps.log.info(
    { network: network.name, port: sockets.port, segments, ipv6Missing: sockets.ipv6Missing },
    'serving tftp',
  );
  const thread = new TftpThread(segment, content, sockets, segments);
  return { port: sockets.port, close: () => thread.close() };
}

/** The thread that serves, as the rest of the process sees it: it asks for files and tells how transfers ended. */
class TftpThread {
  readonly #segment: BootSegment;
  readonly #content: TftpContent;
  readonly #sockets: TftpSockets;
  readonly #wakeEvent = openWakeEvent();
  readonly #messages = new MessageChannel();
  readonly #worker: Worker;
  readonly #closed = Promise.withResolvers<void>();
  readonly #refusals;
  /** What the transfers under way are called in the boot trace. */
  readonly #stages = new Map<number, BootStage>();

  constructor(segment: BootSegment, content: TftpContent, sockets: TftpSockets, segments: boolean) {
    this.#segment = segment;
    this.#content = content;
    this.#sockets = sockets;
    this.#refusals = createRateLimit(REFUSALS, segment.deps.clock);
    const { port1, port2 } = this.#messages;
    const fits = (family: 4 | 6) =>
      Math.min(MAX_BLOCK_BYTES, (segment.network.mtu ?? ETHERNET_MTU) - HEADER_BYTES[family]);
    const workerData: TftpThreadData = {
      messages: port2,
      wakeFd: this.#wakeEvent.fd,
      sockets: sockets.all,
      limits: { ...LIMITS, maxBlockBytes: { 4: fits(4), 6: fits(6) } },
      segments,
    };
    port1.on('message', (message: FromTftpThread) => this.#takeSafely(message));
    this.#worker = new Worker(new URL('./tftp-thread-main.ts', import.meta.url), {
      workerData,
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on('error', (error) =>
      segment.deps.log.error(
        { network: segment.network.name, reason: reasonOf(error) },
        'tftp thread failed',
      ),
    );
    this.#worker.on('exit', () => this.#closed.resolve());
  }

  async close(): Promise<void> {
    this.#tell({ kind: 'close' });
    await this.#closed.promise;
    this.#messages.port1.close();
    this.#sockets.close();
    this.#wakeEvent.close();
  }

  /** One packet never ends the daemon. */
  #takeSafely(message: FromTftpThread): void {
    try {
      this.#take(message);
    } catch (error) {
      this.#segment.deps.log.error({ message: message.kind, reason: reasonOf(error) }, 'tftp message failed');
    }
  }

  #take(message: FromTftpThread): void {
    const { log } = this.#segment.deps;
    const network = this.#segment.network.name;
    switch (message.kind) {
      case 'look':
        void this.#look(message);
        return;
      case 'malformed':
        this.#reportMalformed(message);
        return;
      case 'ended':
        this.#report(message.report);
        return;
      case 'segments refused':
        log.warn({ network, errno: message.errno }, 'tftp sends plainly: the interface takes no segments');
        return;
      case 'fault':
        log.error({ network, reason: message.reason }, 'tftp turn failed');
        return;
    }
  }

  async #look({ number, file, netascii, address }: FromTftpThread & { kind: 'look' }): Promise<void> {
    const found = await this.#find(file, address);
    if (typeof found !== 'string' && found.stage) this.#stages.set(number, found.stage);
    this.#tell({ kind: 'found', number, netascii, file: found });
  }

  async #find(asked: string, address: string): Promise<TftpFile | string> {
    const name = tidyName(asked);
    if (name === null) return 'there is no such file';
    try {
      const mac = this.#macOf(address);
      return (await this.#content.find({ name, address, mac })) ?? 'there is no such file';
    } catch (error) {
      this.#segment.deps.log.error({ file: asked, reason: reasonOf(error) }, 'tftp content failed');
      return 'the server cannot make this file now';
    }
  }

  #report({ number, how, reason, file, address, bytes, resends, tookMs }: TftpReport): void {
    const stage = how === 'refused' ? 'tftp refused' : (this.#stages.get(number) ?? 'tftp program');
    this.#stages.delete(number);
    const isRefusal = how === 'not found' || how === 'refused';
    if (isRefusal && !this.#refusals.allow(address)) return;
    const startedAtMs = this.#segment.deps.clock.nowMs() - tookMs;
    const mac = this.#macOf(address);
    reportEvent(this.#segment, {
      stage,
      decision: how,
      reason,
      mac,
      address,
      file,
      bytes,
      resends,
      startedAtMs,
    });
  }

  #reportMalformed({ address, reason, bytes }: FromTftpThread & { kind: 'malformed' }): void {
    if (!this.#refusals.allow(address)) return;
    const mac = this.#macOf(address);
    reportEvent(this.#segment, { stage: 'tftp malformed', decision: 'dropped', reason, mac, address, bytes });
  }

  /** By our leases; of an IPv6 address that its machine made of its MAC, by itself. */
  #macOf(address: string): string | null {
    return macOf(this.#segment, address) ?? (isIpv6(address) ? macOfEui64(address) : null);
  }

  #tell(message: ToTftpThread): void {
    this.#messages.port1.postMessage(message);
    this.#wakeEvent.wake();
  }
}
