import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { answerDatagram, type DhcpLink } from '../../src/boot/serve-dhcp.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { UnknownGuard } from '../../src/core/unknown-guard.ts';
import { UNLIMITED } from '../../src/core/unknown-limits.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { aNetwork } from '../core/a-network.ts';
import { type CapturedUdp, udpPayloads } from '../pcap.ts';
import { aSegment, someArtefacts } from './a-segment.ts';

// Boots of real firmware from `npm run test:interop` with BLACKSTART_REFRESH=1: MODE-FIRMWARE.pcap. What the machines
// sent is answered again, and the answers must be those that they booted with.
const CAPTURES = join(import.meta.dirname, '../captures/interop');
const RELAY = '10.91.0.254';
const SEEDS = { authoritative: '10.91.0.1', proxy: '10.91.0.1', relayed: '10.92.0.1' } as const;
type Mode = keyof typeof SEEDS;

const { folder, artefacts: all } = someArtefacts();
/** Debian has no iPXE for arm64: those machines get GRUB. */
const { 'snponly-arm64.efi': _, ...programs } = all.programs;
const artefacts = { ...all, programs };
afterAll(() => rmSync(folder, { recursive: true }));

interface Heard {
  readonly message: DhcpMessage;
  readonly at: CapturedUdp;
}

const heardIn = (capture: string): Heard[] =>
  udpPayloads(readFileSync(join(CAPTURES, capture)))
    .filter(({ fromPort, toPort }) => [fromPort, toPort].some((port) => port === 67 || port === 4011))
    .flatMap((at) => {
      const message = decodeDhcp(at.payload);
      return message.ok ? [{ message: message.value, at }] : [];
    });

/** The seed's own answers: beside another server, only those; behind a relay, what the relay passed on. */
const answersIn = (heard: readonly Heard[], mode: Mode): DhcpMessage[] =>
  heard
    .filter(({ message, at }) => message.op === 2 && at.from === (mode === 'relayed' ? RELAY : SEEDS[mode]))
    .map(({ message }) => message);

/** The segment as the suite's site file had it, with room for the one machine. */
function segmentFor(mode: Mode, secureBoot: boolean, given: string) {
  const network = aNetwork({
    name: 'machines',
    interface: 'seed0',
    wire: mode === 'relayed' ? 'behind the relay' : 'seed0',
    address: SEEDS[mode],
    subnet: '10.91.0.0',
    gateway: mode === 'relayed' ? RELAY : null,
    mode,
    pools: mode === 'proxy' ? [] : [{ start: given, end: given }],
  });
  const { segment } = aSegment({ artefacts, policy: { secureBoot } });
  const leases = new LeaseTable(network);
  const own = { ...segment, network, leases, httpUrl: `http://${SEEDS[mode]}:8080` };
  return { ...own, all: [own] };
}

/** A relay's marks are gone from what it passes on. */
const unmarked = ({ options, ...message }: DhcpMessage) => {
  const { dhcpAgentOptions: _, ...others } = options;
  return { ...message, giaddr: '', hops: 0, options: others };
};

const captures = readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap'));

test('every firmware that boots here has its captures, in every mode', () => {
  const firmware = ['arm64', 'bios', 'http', 'pxe', 'secure', 'secure-signed'];
  const modes = Object.keys(SEEDS);
  expect(captures.sort()).toEqual(
    expect.arrayContaining(modes.flatMap((m) => firmware.map((f) => `${m}-${f}.pcap`))),
  );
});

test.each(captures.filter((name) => !name.includes('pxe6')))('%s is answered as it was', async (capture) => {
  const mode = capture.split('-')[0] as Mode;
  const heard = heardIn(capture);
  const expected = answersIn(heard, mode);
  const given = expected.find(({ yiaddr }) => yiaddr !== '0.0.0.0')?.yiaddr ?? '10.91.0.100';
  const segment = segmentFor(mode, capture.includes('signed'), given);
  const link: DhcpLink = {
    interface: 'seed0',
    segments: [segment],
    guard: new UnknownGuard(UNLIMITED, { poolNodes: () => 0, nameByMac: () => null, reservedBy: () => null }),
    ownAddresses: new Set([SEEDS[mode]]),
  };
  const answers: DhcpMessage[] = [];
  const send = (bytes: Uint8Array) => {
    const message = decodeDhcp(bytes);
    if (message.ok) answers.push(message.value);
  };
  for (const { message, at } of heard.filter(({ message }) => message.op === 1)) {
    const relayed = mode === 'relayed' ? { ...message, giaddr: RELAY, hops: 1 } : message;
    const datagram = { bytes: encodeDhcp(relayed), from: { address: at.from, port: at.fromPort } };
    const to = mode === 'relayed' || at.toPort === 4011 ? SEEDS[mode] : null;
    await answerDatagram(datagram, { link, service: at.toPort === 4011 ? 'pxe' : 'dhcp', to, send });
  }
  expect(expected.length).toBeGreaterThan(0);
  expect(answers.map(unmarked)).toEqual(expected.map(unmarked));
});
