import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { negotiate } from '../../src/core/tftp-options.ts';
import { patienceMs } from '../../src/core/tftp-pace.ts';
import {
  silentAtMs,
  startTransfer,
  type TftpStep,
  type TftpTransfer,
  takePacket,
  takeSilence,
} from '../../src/core/tftp-transfer.ts';
import type { TftpPacket } from '../../src/wire/tftp-packet.ts';

const LIMITS = { maxBlockBytes: 1468, maxWindowBlocks: 64 };

/** A piece of the file, or a packet, as the wire carries it. */
type Sent =
  | { kind: 'block'; block: number; offset: number; bytes: number }
  | { kind: 'packet'; packet: TftpPacket };

function sentBy({ transfer, send }: { transfer: TftpTransfer; send: TftpStep['send'] }): Sent[] {
  if (!send) return [];
  if (send.kind === 'packet') return [send];
  const { fileBytes, options } = transfer;
  return Array.from({ length: send.last - send.first + 1 }, (_, index) => {
    const block = send.first + index;
    const offset = (block - 1) * options.blockBytes;
    return {
      kind: 'block',
      block: block & 0xffff,
      offset,
      bytes: Math.min(options.blockBytes, fileBytes - offset),
    };
  });
}

const start = (fileBytes: number, asked: Record<string, string> = {}) =>
  startTransfer(fileBytes, negotiate(new Map(Object.entries(asked)), fileBytes, LIMITS), 0);
const ack = (step: TftpStep, block: number, nowMs = 1) =>
  takePacket(step.transfer, { kind: 'ack', block }, nowMs);
const blocks = (step: TftpStep) =>
  sentBy(step).map((sent) => (sent.kind === 'block' ? sent.block : sent.packet.kind));

describe('a plain transfer', () => {
  test('block by block, ended by a short one', () => {
    let step = start(1000);
    expect(sentBy(step)).toEqual([{ kind: 'block', block: 1, offset: 0, bytes: 512 }]);
    step = ack(step, 1);
    expect(sentBy(step)).toEqual([{ kind: 'block', block: 2, offset: 512, bytes: 488 }]);
    expect(ack(step, 2).ended?.how).toBe('completed');
  });

  test.each([0, 512, 1024])('a file of %i bytes ends with an empty block', (fileBytes) => {
    let step = start(fileBytes);
    for (let block = 1; block <= fileBytes / 512; block++) step = ack(step, block);
    expect(sentBy(step)).toMatchObject([{ bytes: 0 }]);
  });

  test('an echoed ACK is not answered: no Sorcerer’s Apprentice', () => {
    const step = ack(ack(start(5000), 1), 1);
    expect([step.send, step.ended]).toEqual([null, null]);
  });

  test('an ACK of a block never sent is not believed', () => {
    expect(ack(start(5000), 7)).toMatchObject({ send: null, ended: null });
  });
});

describe('options', () => {
  test('an OACK first, and ACK 0 opens the data', () => {
    const step = start(5000, { blksize: '1468', windowsize: '4', tsize: '0' });
    expect(blocks(step)).toEqual(['oack']);
    expect(blocks(ack(step, 0))).toEqual([1, 2, 3, 4]);
  });

  test('ERROR after the OACK ends it quietly: a ROM that asked for the size', () => {
    const step = takePacket(
      start(5000, { tsize: '0' }).transfer,
      { kind: 'error', code: 8, message: 'User aborted' },
      1,
    );
    expect(step).toMatchObject({
      send: null,
      ended: { how: 'aborted', reason: 'the machine ended it: error 8 User aborted' },
    });
  });
});

describe('windows', () => {
  const opened = () => ack(start(100_000, { windowsize: '4' }), 0);

  test('a window follows a window', () => {
    expect(blocks(ack(opened(), 4))).toEqual([5, 6, 7, 8]);
  });

  test('an ACK in the middle says what was lost, and is gone on from', () => {
    expect(blocks(ack(opened(), 2))).toEqual([3, 4, 5, 6]);
  });

  test('a duplicate ACK brings the window again once, not twice', () => {
    const again = ack(ack(opened(), 4), 4, 9);
    expect(blocks(again)).toEqual([5, 6, 7, 8]);
    expect(blocks(ack(again, 4, 99))).toEqual([]);
  });

  test('a duplicate that cannot be an answer yet is of what was sent before', () => {
    const learned = ack(start(100_000, { windowsize: '4' }), 0, 10); // a round trip of 10 ms
    const partial = ack(learned, 2, 20);
    expect(blocks(partial)).toEqual([3, 4, 5, 6]);
    expect(blocks(ack(partial, 2, 20.1))).toEqual([]);
    expect(blocks(ack(partial, 2, 30))).toEqual([3, 4, 5, 6]);
  });
});

describe('silence', () => {
  const fallSilent = (from: TftpStep) => {
    let step = from;
    let times = 0;
    for (; !step.ended && times < 1000; times++) step = takeSilence(step.transfer, silentAtMs(step.transfer));
    return { ...step, times, atMs: step.transfer.pace.sentAtMs };
  };

  test('brings the window again, for half a minute, and then the end', () => {
    const opened = ack(start(5000), 1);
    expect(blocks(takeSilence(opened.transfer, 50))).toEqual([2]);
    const { ended, atMs } = fallSilent(opened);
    expect(ended).toEqual({ how: 'failed', reason: 'the machine fell silent after block 1 of 10' });
    expect(atMs).toBeGreaterThan(20_000);
  });

  test('of a machine that never spoke ends sooner: its address may be forged', () => {
    const { ended, times } = fallSilent(start(5000, { tsize: '0' }));
    expect([ended?.reason, times]).toEqual(['the machine fell silent after the OACK', 6]);
  });
});

/** A receiver as RFC 1350 and RFC 7440 have it: takes blocks in order, acknowledges windows, asks again when stuck. */
class Receiver {
  readonly got: { offset: number; bytes: number }[] = [];
  readonly #window: number;
  #inWindow = 0;
  #expected = 1;
  #nagged = false;

  constructor(window: number) {
    this.#window = window;
  }

  take(send: Sent): TftpPacket | null {
    if (send.kind === 'packet') return send.packet.kind === 'oack' ? { kind: 'ack', block: 0 } : null;
    const { block } = send;
    if (block !== (this.#expected & 0xffff)) {
      if (this.#nagged) return null;
      this.#nagged = true;
      this.#inWindow = 0;
      return this.#ack();
    }
    this.#nagged = false;
    this.got.push({ offset: send.offset, bytes: send.bytes });
    this.#expected++;
    this.#inWindow = (this.#inWindow + 1) % this.#window;
    return this.#inWindow === 0 || send.bytes < 512 ? this.#ack() : null;
  }

  /** The sender starts again after a silence: what is out of order now is complained of once more. */
  hearAgain(): void {
    this.#nagged = false;
  }

  #ack(): TftpPacket {
    return { kind: 'ack', block: (this.#expected - 1) & 0xffff };
  }
}

/** Runs a transfer to its end over a wire that loses and doubles packets. Time is counted, not waited for. */
function simulate(fileBytes: number, window: number, fates: (packet: number) => 'lost' | 'doubled' | 'fine') {
  let packets = 0;
  let nowMs = 0;
  let step = start(fileBytes, window > 1 ? { windowsize: String(window) } : {});
  const receiver = new Receiver(window);
  for (let turn = 0; !step.ended && turn < 2_000_000; turn++) {
    const queue = sentBy(step);
    let answered = false;
    for (let send = queue.shift(); send && !step.ended; send = queue.shift()) {
      const fate = fates(packets++);
      for (let copy = 0; copy < (fate === 'lost' ? 0 : fate === 'doubled' ? 2 : 1); copy++) {
        const reply = receiver.take(send);
        if (!reply || fates(packets++) === 'lost' || step.ended) continue;
        nowMs += 1;
        step = takePacket(step.transfer, reply, nowMs);
        if (step.send || step.ended) answered = true;
        queue.push(...sentBy(step));
      }
    }
    if (step.ended) break;
    if (!answered || queue.length === 0) {
      nowMs += patienceMs(step.transfer.pace, null);
      receiver.hearAgain();
      step = takeSilence(step.transfer, nowMs);
    }
  }
  return { ended: step.ended, receiver, packets, nowMs };
}

describe('over a wire that loses and doubles packets', () => {
  test('what arrives is in order, and whole when the server says so', () => {
    const anyWire = fc.record({
      fileBytes: fc.integer({ min: 0, max: 60_000 }),
      window: fc.constantFrom(1, 2, 4, 16),
      seed: fc.array(fc.constantFrom('fine', 'fine', 'fine', 'fine', 'lost', 'doubled' as const), {
        minLength: 7,
        maxLength: 97,
      }),
    });
    fc.assert(
      fc.property(anyWire, ({ fileBytes, window, seed }) => {
        // A repeating pattern could lose the same packet for ever; shift it at each round.
        const fates = (packet: number) =>
          seed[(packet + Math.floor(packet / seed.length) * 3) % seed.length] ?? 'fine';
        const { ended, receiver } = simulate(fileBytes, window, fates);
        let offset = 0;
        for (const block of receiver.got) {
          expect(block.offset).toBe(offset);
          offset += block.bytes;
        }
        if (ended?.how === 'completed') expect(offset).toBe(fileBytes);
        else expect(ended?.reason).toMatch(/^the machine fell silent/);
      }),
      { numRuns: 300 },
    );
  });

  test.each([1, 4, 16])('one in twenty lost, window %i: completes', (window) => {
    let state = 12345;
    const random = () => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return state / 0x7fffffff;
    };
    const { ended, receiver } = simulate(1_000_000, window, () => (random() < 0.05 ? 'lost' : 'fine'));
    expect(ended?.how).toBe('completed');
    expect(receiver.got.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(1_000_000);
  });

  test('doubled packets do not breed: the wire carries at most twice the packets', () => {
    const clean = simulate(500_000, 1, () => 'fine').packets;
    const doubled = simulate(500_000, 1, (packet) => (packet === 10 ? 'doubled' : 'fine')).packets;
    expect(doubled).toBeLessThan(clean + 10);
  });
});

test('the block number rolls over: 40 MB in blocks of 512', () => {
  const fileBytes = 40_000_000;
  const { ended, receiver } = simulate(fileBytes, 16, () => 'fine');
  expect(ended?.how).toBe('completed');
  expect(receiver.got.length).toBeGreaterThan(65_536);
});
