import { TFTP_ERROR, type TftpPacket, type TftpRequest } from '../wire/tftp-packet.ts';
import { type CrowdLimits, TftpCrowd } from './tftp-crowd.ts';
import { negotiate } from './tftp-options.ts';
import {
  ackedBytes,
  silentAtMs,
  startTransfer,
  type TftpEnd,
  type TftpStep,
  type TftpTransfer,
  takeAck,
  takePacket,
  takeSilence,
} from './tftp-transfer.ts';
import { type Timed, TimerWheel } from './timer-wheel.ts';

/** A machine's address and port: its transfer identifier. RFC 1350 §4. */
export interface TftpPeer {
  readonly family: 4 | 6;
  /** Unlike any other peer's. */
  readonly key: number | string;
  readonly address: string;
  readonly port: number;
}

/** The contents of a file while it is being sent. */
export interface TftpSource {
  readonly bytes: number;
  /** Called once, when the transfer has ended. */
  release(): void;
}

/** What the server needs of the world. Ports are small numbers of the world's own. */
export interface TftpWorld<Peer extends TftpPeer, Source extends TftpSource> {
  /** Looks for a file; `found` is told the number and what there is. */
  look(number: number, request: TftpRequest<'read'>, peer: Peer): void;
  /** The ports that transfers with this machine may come from. */
  portsFor(peer: Peer): readonly number[];
  sendPacket(port: number, peer: Peer, packet: TftpPacket): void;
  sendBlocks(port: number, peer: Peer, source: Source, blocks: TftpBlocks): void;
  ended(report: TftpReport): void;
}

export interface TftpServerLimits extends CrowdLimits {
  /** What fits a frame, by the family's headers. */
  readonly maxBlockBytes: Readonly<Record<4 | 6, number>>;
  readonly maxWindowBlocks: number;
}

export interface TftpBlocks {
  readonly first: number;
  readonly last: number;
  readonly blockBytes: number;
}

/** How a read request ended. */
export interface TftpReport {
  /** As in `look`; 0 when it was not called. */
  readonly number: number;
  readonly how: TftpEnd['how'] | 'not found' | 'refused';
  readonly reason: string;
  readonly file: string;
  readonly address: string;
  /** What the machine acknowledged. */
  readonly bytes: number;
  readonly resends: number;
  readonly tookMs: number;
}

interface Running<Peer, Source> extends Timed {
  readonly number: number;
  transfer: TftpTransfer;
  readonly peer: Peer;
  readonly port: number;
  readonly source: Source;
  readonly file: string;
  readonly startedAtMs: number;
}

interface Looking<Peer> {
  readonly number: number;
  readonly request: TftpRequest<'read'>;
  readonly peer: Peer;
  /** Where it came in, and where it is answered if there is no such file. */
  readonly port: number;
  readonly startedAtMs: number;
}

type Unserved<Peer> = Pick<TftpReport, 'number' | 'how' | 'reason' | 'tookMs'> &
  Pick<Looking<Peer>, 'peer'> & { readonly request: Pick<TftpRequest<'read'>, 'file'> };

/** A machine that is done may say so twice; for this long that is no stray packet. */
const LINGER_MS = 5_000;

/** All the transfers of one TFTP server. It sends nothing and asks no clock itself: `world` does, `nowMs` is given. */
export class TftpServer<Peer extends TftpPeer, Source extends TftpSource> {
  readonly #world: TftpWorld<Peer, Source>;
  readonly #limits: TftpServerLimits;
  readonly #crowd: TftpCrowd;
  readonly #wheel: TimerWheel<Running<Peer, Source>>;
  readonly #running = new Map<number, Map<Peer['key'], Running<Peer, Source>>>();
  readonly #looking = new Map<number, Looking<Peer>>();
  /** Machines whose request is being looked up. */
  readonly #asked = new Set<Peer['key']>();
  #gone = new Set<string>();
  #goneBefore = new Set<string>();
  #forgetAtMs: number;
  #requests = 0;

  constructor(world: TftpWorld<Peer, Source>, limits: TftpServerLimits, nowMs: number) {
    this.#world = world;
    this.#limits = limits;
    this.#crowd = new TftpCrowd(limits);
    this.#wheel = new TimerWheel(nowMs);
    this.#forgetAtMs = nowMs + LINGER_MS;
  }

  /** Whether anything is under way, so that `tick` matters. */
  get busy(): boolean {
    return this.#crowd.total > 0;
  }

  /** Takes a packet that came to the well-known port. */
  takeRequest(port: number, packet: TftpPacket, peer: Peer, nowMs: number): void {
    if (packet.kind === 'error') return;
    const refusal = refusalOf(packet);
    if (refusal) {
      this.#world.sendPacket(port, peer, refusal);
      const file = 'file' in packet ? packet.file : '';
      this.#report({
        number: 0,
        request: { file },
        peer,
        how: 'refused',
        reason: refusal.message,
        tookMs: 0,
      });
    } else if (packet.kind === 'read' && !this.#isRepeat(peer)) this.#accept(port, packet, peer, nowMs);
  }

  /** Answers a request that `look` was called for: with the file, or with why there is none. */
  found(number: number, source: Source | string, nowMs: number): void {
    const looking = this.#looking.get(number);
    this.#looking.delete(number);
    if (looking) this.#asked.delete(looking.peer.key);
    if (!looking) throw new Error(`request ${number} is not being looked up`);
    if (typeof source === 'string') this.#refuse(looking, source, nowMs);
    else this.#start(looking, source, nowMs);
  }

  /** Takes an ACK at a transfer port; false when it belongs to no transfer there. */
  takeAck(port: number, key: Peer['key'], block: number, nowMs: number): boolean {
    const running = this.#running.get(port)?.get(key);
    if (!running) return this.#isGone(port, key);
    this.#take(running, takeAck(running.transfer, block, nowMs), nowMs);
    return true;
  }

  /** Takes any other packet at a transfer port. One of a stranger is told so, and disturbs nothing: RFC 1350 §4. */
  takePacket(port: number, packet: TftpPacket, peer: Peer, nowMs: number): void {
    const running = this.#running.get(port)?.get(peer.key);
    if (running) this.#take(running, takePacket(running.transfer, packet, nowMs), nowMs);
    else if (packet.kind !== 'error' && !this.#isGone(port, peer.key))
      this.#world.sendPacket(port, peer, UNKNOWN_TRANSFER);
  }

  /** Sends again what is due. To be called every few milliseconds while `busy`. */
  tick(nowMs: number): void {
    this.#wheel.advance(nowMs, (running) => this.#take(running, takeSilence(running.transfer, nowMs), nowMs));
    if (nowMs < this.#forgetAtMs) return;
    this.#forgetAtMs = nowMs + LINGER_MS;
    this.#goneBefore = this.#gone;
    this.#gone = new Set();
  }

  /** Ends everything. */
  close(nowMs: number): void {
    const end: TftpEnd = { how: 'failed', reason: 'the server stops' };
    for (const onPort of this.#running.values())
      for (const running of onPort.values()) this.#end(running, end, nowMs);
  }

  #accept(port: number, request: TftpRequest<'read'>, peer: Peer, nowMs: number): void {
    const crowded = this.#crowd.enter(peer.address);
    if (crowded) {
      // No error is sent: the machine asks again, and one would end its boot.
      this.#report({ number: 0, request, peer, how: 'refused', reason: crowded, tookMs: 0 });
      return;
    }
    const number = ++this.#requests;
    this.#looking.set(number, { number, request, peer, port, startedAtMs: nowMs });
    this.#asked.add(peer.key);
    this.#world.look(number, request, peer);
  }

  #refuse({ number, peer, request, port, startedAtMs }: Looking<Peer>, reason: string, nowMs: number): void {
    this.#crowd.leave(peer.address);
    this.#world.sendPacket(port, peer, { kind: 'error', code: TFTP_ERROR.notFound, message: reason });
    this.#report({ number, request, peer, how: 'not found', reason, tookMs: nowMs - startedAtMs });
  }

  #report({ request, peer, ...rest }: Unserved<Peer>): void {
    this.#world.ended({ ...rest, file: request.file, address: peer.address, bytes: 0, resends: 0 });
  }

  #start({ number, peer, request, startedAtMs }: Looking<Peer>, source: Source, nowMs: number): void {
    const { maxBlockBytes, maxWindowBlocks } = this.#limits;
    const limits = { maxBlockBytes: maxBlockBytes[peer.family], maxWindowBlocks };
    const options = negotiate(request.options, source.bytes, limits);
    const step = startTransfer(source.bytes, options, nowMs);
    const running: Running<Peer, Source> = {
      number,
      transfer: step.transfer,
      peer,
      port: this.#choosePort(peer),
      source,
      file: request.file,
      startedAtMs,
      wakeAtMs: Number.POSITIVE_INFINITY,
      filedTurn: Number.POSITIVE_INFINITY,
    };
    this.#on(running.port).set(peer.key, running);
    this.#take(running, step, nowMs);
  }

  /** Does what a step says. */
  #take(running: Running<Peer, Source>, { transfer, send, ended }: TftpStep, nowMs: number): void {
    running.transfer = transfer;
    const { port, peer, source } = running;
    if (send?.kind === 'blocks')
      this.#world.sendBlocks(port, peer, source, {
        first: send.first,
        last: send.last,
        blockBytes: transfer.options.blockBytes,
      });
    else if (send) this.#world.sendPacket(port, peer, send.packet);
    if (ended) this.#end(running, ended, nowMs);
    else if (send) this.#wheel.schedule(running, silentAtMs(transfer));
  }

  #end(running: Running<Peer, Source>, { how, reason }: TftpEnd, nowMs: number): void {
    const { number, port, peer, source, file, startedAtMs, transfer } = running;
    this.#wheel.cancel(running);
    this.#on(port).delete(peer.key);
    this.#gone.add(`${port} ${peer.key}`);
    this.#crowd.leave(peer.address);
    source.release();
    this.#world.ended({
      number,
      how,
      reason,
      file,
      address: peer.address,
      bytes: ackedBytes(transfer),
      resends: transfer.resends,
      tookMs: nowMs - startedAtMs,
    });
  }

  /**
   * Whether the machine's request is being answered already. One whose transfer has got on is not: it started over, and
   * uses its port again.
   */
  #isRepeat(peer: Peer): boolean {
    if (this.#asked.has(peer.key)) return true;
    return this.#world
      .portsFor(peer)
      .some((port) => (this.#running.get(port)?.get(peer.key)?.transfer.acked ?? 1) < 1);
  }

  /** The next port in turn where the machine has no transfer, so that two of its transfers are not mixed up. */
  #choosePort(peer: Peer): number {
    const ports = this.#world.portsFor(peer);
    const turns = ports.map((_, turn) => ports[(this.#requests + turn) % ports.length] ?? 0);
    const isIdle = (port: number) => !this.#running.get(port)?.has(peer.key);
    const free = turns.find((port) => isIdle(port) && !this.#isGone(port, peer.key)) ?? turns.find(isIdle);
    if (free !== undefined) return free;
    const [port = 0] = turns; // it asked again and again from one port: its oldest transfer is the one it forgot
    const old = this.#running.get(port)?.get(peer.key);
    if (old) this.#end(old, { how: 'aborted', reason: 'the machine started over' }, old.startedAtMs);
    return port;
  }

  #isGone(port: number, key: Peer['key']): boolean {
    const ended = `${port} ${key}`;
    return this.#gone.has(ended) || this.#goneBefore.has(ended);
  }

  #on(port: number): Map<Peer['key'], Running<Peer, Source>> {
    let onPort = this.#running.get(port);
    if (!onPort) {
      onPort = new Map();
      this.#running.set(port, onPort);
    }
    return onPort;
  }
}

const UNKNOWN_TRANSFER = error(TFTP_ERROR.unknownTransfer, 'unknown transfer');

/** Why a packet to the well-known port cannot be served, whatever the file; null when it may be. */
function refusalOf(packet: TftpPacket): ErrorPacket | null {
  if (packet.kind === 'write') return error(TFTP_ERROR.accessViolation, 'this server is read-only');
  if (packet.kind !== 'read') return UNKNOWN_TRANSFER;
  const isServed = packet.mode === 'octet' || packet.mode === 'netascii';
  return isServed ? null : error(TFTP_ERROR.illegalOperation, 'only octet and netascii are served');
}

type ErrorPacket = Extract<TftpPacket, { kind: 'error' }>;

function error(code: number, message: string): ErrorPacket {
  return { kind: 'error', code, message };
}
