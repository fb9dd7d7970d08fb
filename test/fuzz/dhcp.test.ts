import { expect, test } from 'vitest';
import type { BootSegment } from '../../src/boot/boot-segment.ts';
import { answerDatagram, type DhcpPort } from '../../src/boot/serve-dhcp.ts';
import { UnknownGuard } from '../../src/core/unknown-guard.ts';
import { decodeDhcp } from '../../src/wire/dhcp-message.ts';
import { aSegment, LOOPBACK } from '../boot/a-segment.ts';
import { aNode, anIntent } from '../core/boot-samples.ts';
import { capturedPayloads } from './corpus.ts';
import { fuzz } from './fuzz-loop.ts';

const DHCP_PORTS = new Set([67, 4011]);
const LIMITS = { perSecond: 1000, burst: 10_000 };
const LONG_MS = 3_600_000;
const artefacts = {
  programs: { 'snponly.efi': '/f', 'undionly.kpxe': '/f' },
  agent: { kernel: '/k', initramfs: '/i' },
  images: {},
  tools: {},
  raspberryPiDir: null,
  ironic: null,
};

/** Sends changed packets to a seed with these networks; the seed's segment, and how many answers there were. */
async function fuzzDhcp(
  name: string,
  networksOf: (segment: BootSegment) => BootSegment[],
  services: readonly DhcpPort['service'][],
) {
  const node = aNode({ macs: ['52:54:00:99:00:01'], address: '127.0.0.150' });
  const { segment, events } = aSegment({ artefacts, nodes: [node], intent: anIntent('discover', 1e12) });
  const segments = networksOf(segment);
  const guard = new UnknownGuard({ all: LIMITS, relay: LIMITS, port: LIMITS }, segment.deps.directory);
  const link = { interface: 'lo', segments, guard, ownAddresses: new Set([LOOPBACK.address]) };
  const failures: unknown[] = [];
  let replies = 0;
  const send = (bytes: Uint8Array, port: number) => {
    replies++;
    const reply = decodeDhcp(bytes);
    if (!reply.ok || reply.value.op !== 2 || ![67, 68, 4011].includes(port)) failures.push(reply);
  };
  const corpus = capturedPayloads(({ toPort }) => DHCP_PORTS.has(toPort));
  await fuzz(name, corpus, (bytes, index) => {
    const service = services[index % services.length] ?? 'dhcp';
    const to = index % 3 === 0 ? LOOPBACK.address : null;
    const from = { address: '127.0.0.9', port: service === 'pxe' ? 4011 : 68 };
    answerDatagram({ bytes, from }, { link, service, to, send }).catch((error) => failures.push(error));
    events.length = 0;
  });
  expect(failures).toEqual([]);
  expect(replies).toBeGreaterThan(0);
  return segment;
}

test('the DHCP server lives on whatever it is sent, and what it answers is well-formed', {
  timeout: LONG_MS,
}, async () => {
  // One relayed network too, so that giaddr and option 82 lead somewhere.
  const relayed = { ...LOOPBACK, name: 'relayed', subnet: '10.0.0.0', mode: 'relayed' as const, wire: 'r' };
  const { leases } = await fuzzDhcp('DHCP', (segment) => [segment, { ...segment, network: relayed }], [
    'dhcp',
  ]);
  expect([...leases.all()].length).toBeLessThanOrEqual(leases.poolSize + 1);
});

test('so does the ProxyDHCP server, on both of its ports', { timeout: LONG_MS }, async () => {
  const proxy = { ...LOOPBACK, mode: 'proxy' as const };
  const { leases } = await fuzzDhcp('ProxyDHCP', (segment) => [{ ...segment, network: proxy }], [
    'dhcp',
    'pxe',
  ]);
  expect([...leases.all()]).toEqual([]);
});
