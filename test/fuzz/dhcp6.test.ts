import { expect, test } from 'vitest';
import { answerDatagram6, segment6 } from '../../src/boot/serve-dhcp6.ts';
import { leaseTable6 } from '../../src/boot/serve-ipv6.ts';
import { ascii } from '../../src/wire/dhcp-codec.ts';
import { decodeDhcp6, encodeDhcp6 } from '../../src/wire/dhcp6-message.ts';
import { aSegment } from '../boot/a-segment.ts';
import { aNode, anIntent } from '../core/boot-samples.ts';
import { aMessage6, anIa, NETWORK6, SERVER_ID } from '../core/dhcp6-samples.ts';
import { fuzz } from './fuzz-loop.ts';

const LONG_MS = 3_600_000;
const artefacts = {
  programs: { 'snponly.efi': '/f' },
  agent: { kernel: '/k', initramfs: '/i' },
  images: {},
  tools: {},
  raspberryPiDir: null,
  ironic: null,
};

/** What OVMF sends, of every kind. */
const corpus = (
  ['solicit', 'request', 'renew', 'rebind', 'release', 'decline', 'confirm', 'informationRequest'] as const
).map((type) =>
  encodeDhcp6(
    aMessage6(type, {
      clientid: Uint8Array.from([0, 3, 0, 1, 0x52, 0x54, 0, 0x99, 0, 1]),
      ...(type === 'solicit' || type === 'rebind' || type === 'confirm' ? {} : { serverid: SERVER_ID }),
      iaNa: [anIa(1)],
      oro: [59, 60, 23, 16],
      clientArchType: [7],
      vendorClass: { enterprise: 343, classes: [ascii.encode('PXEClient:Arch:00007:UNDI:003000')] },
    }),
  ),
);

test('the DHCPv6 server lives on whatever it is sent, and what it answers is well-formed', {
  timeout: LONG_MS,
}, async () => {
  const node = aNode({ macs: ['52:54:00:99:00:01'] });
  const { segment, events } = aSegment({ artefacts, nodes: [node], intent: anIntent('discover', 1e12) });
  const leases = leaseTable6('loopback', NETWORK6, []);
  const own = segment6({ ...segment, leases6: leases }, NETWORK6, leases, SERVER_ID);
  const failures: unknown[] = [];
  let replies = 0;
  const send = (bytes: Uint8Array) => {
    replies++;
    const reply = decodeDhcp6(bytes);
    if (!reply.ok) failures.push(reply);
  };
  await fuzz('DHCPv6', corpus, (bytes, index) => {
    const from = { address: `fe80::${(index % 5000).toString(16)}%eth1`, port: 546 };
    answerDatagram6({ bytes, from }, own, { send }).catch((error: unknown) => failures.push(error));
    events.length = 0;
  });
  expect(failures).toEqual([]);
  expect(replies).toBeGreaterThan(0);
});
