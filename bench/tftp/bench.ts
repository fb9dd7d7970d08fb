import { run, tryRun } from '../../src/exec/run.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { atLeast, atMost, type Findings, type Ratio, type Row, rateRatio } from '../findings.ts';
import { figureOf, interleave } from '../interleave.ts';
import { whyMissing } from '../peer.ts';
import { layWire, type Wire } from '../wire.ts';
import { addMachines, lossCase, rateCase, type TftpCase } from './cases.ts';
import { OFFLOADED, PLAIN, REFLECTOR } from './own.ts';
import { ATFTPD, DNSMASQ, NPM_TFTP, TFTPD_HPA } from './peers.ts';
import type { TftpSubject } from './tftp-subject.ts';

const ONE = '1 machine, 1468 B';
const ONE_WINDOW = '1 machine, 1468 B, window 16';
const MANY = '200 machines, 1468 B';
const MANY_SMALL = '200 machines, no options';
const MANY_WINDOW = '200 machines, 1468 B, window 16';
const LOSSY = '64 machines, 1 % loss, 1468 B';
const LOSSY_WINDOW = '64 machines, 1 % loss, 1468 B, window 16';
const LOSSY_MACHINES = 64;

export const bench: Bench = {
  summary: 'TFTP: megabytes a second and CPU per packet, against tftpd-hpa, atftpd, dnsmasq and npm tftp',
  async run(context): Promise<Findings> {
    const notes = [
      'every machine has an address of its own and asks again after 1 s, 20 times at most',
      'under loss the interface cuts what is sent by offload, so that single packets are lost',
    ];
    const why = await whyMissing({ package: 'dnsmasq-base', program: '/usr/sbin/dnsmasq' });
    if (why !== null) notes.push(`left out: ${why}`);
    const peers = [TFTPD_HPA, ATFTPD, ...(why === null ? [DNSMASQ] : []), NPM_TFTP];
    const wire = await layWire('tftp', { prefixLength: 16 });
    try {
      await addMachines(wire);
      const rows = await measure(wire, peers, context);
      return { rows, ratios: judge(rows, peers), notes };
    } finally {
      await wire.close();
    }
  },
};

async function measure(wire: Wire, peers: readonly TftpSubject[], context: BenchContext): Promise<Row[]> {
  const seconds = context.quick ? 1 : 2;
  const shape = { blockBytes: 1468, windowBlocks: 1, seconds };
  const plain: TftpCase[] = [
    rateCase(wire, ONE, { ...shape, clients: 1 }),
    rateCase(wire, MANY, { ...shape, clients: 200 }),
    rateCase(wire, MANY_SMALL, { ...shape, clients: 200, blockBytes: null }),
  ];
  const windows: TftpCase[] = [
    rateCase(wire, ONE_WINDOW, { ...shape, clients: 1, windowBlocks: 16 }),
    rateCase(wire, MANY_WINDOW, { ...shape, clients: 200, windowBlocks: 16 }),
  ];
  const lossy = { ...shape, clients: LOSSY_MACHINES, seconds: null };
  const withWindows = peers.filter((peer) => peer.windows);
  const once = { ...context, runs: 1 };
  const rows = [
    ...(await interleave([...plain, ...windows], [REFLECTOR], once)),
    ...(await interleave(plain, [PLAIN, ...peers], context)),
    ...(await interleave(windows, [PLAIN, OFFLOADED, ...withWindows], context)),
  ];
  await cutAtTheInterface(wire, true);
  try {
    return [
      ...rows,
      // Once: 64 files each, and the peers take half a minute for them.
      ...(await interleave([lossCase(wire, LOSSY, lossy, 1)], [PLAIN, ...peers], once)),
      ...(await interleave(
        [lossCase(wire, LOSSY_WINDOW, { ...lossy, windowBlocks: 16 }, 1)],
        [PLAIN, OFFLOADED, ...withWindows],
        once,
      )),
    ];
  } finally {
    await cutAtTheInterface(wire, false);
  }
}

/** A veth pair carries a segmented message whole, which loss would then take whole. A cable does not. */
async function cutAtTheInterface({ server }: Wire, cut: boolean): Promise<void> {
  const command = ['netns', 'exec', server.namespace, 'ethtool', '-K', server.interface];
  const feature = ['tx-udp-segmentation', cut ? 'off' : 'on'];
  if (cut) await run('ip', [...command, ...feature]);
  else await tryRun('ip', [...command, ...feature]);
}

function judge(rows: readonly Row[], peers: readonly TftpSubject[]): Ratio[] {
  const rate = (inCase: string, subject: TftpSubject) => figureOf(rows, inCase, subject.name, 'rate');
  const fastest = (inCase: string, among: readonly TftpSubject[]) =>
    Math.max(...among.map((peer) => rate(inCase, peer)));
  const rateOf = (inCase: string, ours: TftpSubject, peer: number, target: number, whose: string) =>
    rateRatio(
      `${inCase}: rate of ${ours.name}, of ${whose}`,
      { ours: rate(inCase, ours), peer, ceiling: rate(inCase, REFLECTOR) },
      target,
    );
  const cpu = (inCase: string, subject: TftpSubject) =>
    figureOf(rows, inCase, subject.name, 'CPU per data packet');
  return [
    ...[ONE, MANY, MANY_SMALL].flatMap((inCase) => [
      rateOf(inCase, PLAIN, fastest(inCase, peers), 0.8, "the fastest peer's"),
      atMost(`${inCase}: CPU per packet, of dnsmasq's`, cpu(inCase, PLAIN) / cpu(inCase, DNSMASQ), 2.2),
    ]),
    ...[ONE_WINDOW, MANY_WINDOW].flatMap((inCase) => [
      rateOf(inCase, PLAIN, rate(inCase, ATFTPD), 1, "atftpd's"),
      rateOf(inCase, OFFLOADED, rate(inCase, ATFTPD), 3, "atftpd's"),
    ]),
    ...judgeLoss(rows, LOSSY, [PLAIN], peers),
    ...judgeLoss(
      rows,
      LOSSY_WINDOW,
      [PLAIN, OFFLOADED],
      peers.filter((peer) => peer.windows),
    ),
  ];
}

/** All complete, and sooner than with the fastest peer that completes them all. */
function judgeLoss(
  rows: readonly Row[],
  inCase: string,
  ours: readonly TftpSubject[],
  peers: readonly TftpSubject[],
): Ratio[] {
  const completed = ({ name }: TftpSubject) => figureOf(rows, inCase, name, 'completed');
  const p50 = ({ name }: TftpSubject) => figureOf(rows, inCase, name, 'p50 of a file');
  const fastest = Math.min(...peers.filter((peer) => completed(peer) === LOSSY_MACHINES).map(p50));
  return ours.flatMap((subject) => [
    atLeast(`${inCase}: completed by ${subject.name}`, completed(subject), LOSSY_MACHINES),
    atMost(`${inCase}: time of ${subject.name}, of the fastest peer's`, p50(subject) / fastest, 1),
  ]);
}
