import type { Random } from '../random.ts';

/** Bytes that lengths, counts and signs go wrong at. */
const NASTY = [0, 1, 2, 4, 52, 53, 55, 82, 127, 128, 254, 255];
const MAX_BYTES = 1500;

type Change = (packet: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array;

const at = (packet: Uint8Array, random: Random): number => random.below(Math.max(1, packet.length));
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const CHANGES: readonly Change[] = [
  (packet, random) => packet.with(at(packet, random), random.below(256)),
  (packet, random) => packet.with(at(packet, random), random.pick(NASTY)),
  (packet, random) => {
    const place = at(packet, random);
    return packet.with(place, (packet[place] ?? 0) ^ (1 << random.below(8)));
  },
  (packet, random) => packet.subarray(0, at(packet, random)),
  (packet, random) => {
    const start = at(packet, random);
    return joined(packet.subarray(0, start), packet.subarray(start + 1 + random.below(16)));
  },
  (packet, random) => {
    const start = at(packet, random);
    const again = packet.subarray(start, start + 1 + random.below(64));
    return joined(packet.subarray(0, start), again, packet.subarray(start));
  },
  (packet, random) => {
    const start = at(packet, random);
    const noise = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
    return joined(packet.subarray(0, start), noise, packet.subarray(start));
  },
  (packet, random, corpus) => {
    const other = random.pick(corpus);
    return joined(packet.subarray(0, at(packet, random)), other.subarray(at(other, random)));
  },
];

/** A packet of the corpus, changed in one to six places; now and then noise, or as it is. */
export function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  if (random.oneIn(50)) return Uint8Array.from({ length: random.below(600) }, () => random.below(256));
  let packet = random.pick(corpus);
  if (random.oneIn(20)) return packet;
  for (let changes = 1 + random.below(6); changes > 0; changes--)
    if (packet.length > 0) packet = random.pick(CHANGES)(packet, random, corpus);
  return packet.subarray(0, MAX_BYTES);
}
