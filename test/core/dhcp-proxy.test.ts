import { describe, expect, test } from 'vitest';
import type { BootDecision } from '../../src/core/boot.ts';
import type { BootNode } from '../../src/core/boot-node.ts';
import { answerBootServer, answerProxy } from '../../src/core/dhcp-proxy.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import type { DhcpMessage } from '../../src/wire/dhcp-message.ts';
import { readPxeClient } from '../../src/wire/pxe-client.ts';
import { aNetwork } from './a-network.ts';
import { aNode, NOW_MS } from './boot-samples.ts';
import { aMessage } from './dhcp-samples.ts';

const NETWORK = aNetwork({ mode: 'proxy', pools: [] });
const URL = 'http://10.0.0.1:8080/x.ipxe';
const BOOT_DIRECTLY = Uint8Array.of(6, 1, 8, 255);
const UUID = new Uint8Array(17);
const TFTP: BootDecision = { kind: 'tftp', file: 'f.efi', reason: 'test' };
const SCRIPT: BootDecision = { kind: 'script', url: URL, reason: 'test' };
const localDisk = (form: 'pxe-e21' | 'no-file' | 'script'): BootDecision => ({
  ...{ kind: 'local-disk', form, reason: 'test' },
  url: form === 'script' ? URL : null,
});

const pxe = (arch: number) => ({
  vendorClassIdentifier: `PXEClient:Arch:0000${arch}`,
  clientSystem: [arch],
  uuidGuid: UUID,
});
const CLIENTS = {
  bios: pxe(0),
  uefi: pxe(7),
  ipxe: { ...pxe(7), userClass: Uint8Array.from('iPXE', (c) => c.charCodeAt(0)) },
  http: { vendorClassIdentifier: 'HTTPClient:Arch:00016', clientSystem: [16], uuidGuid: UUID },
  plain: {},
};
type Client = keyof typeof CLIENTS;

const context = (request: DhcpMessage, decision: BootDecision, node: BootNode | null) => {
  const client = readPxeClient(request);
  return {
    ...{ network: NETWORK, leases: new LeaseTable(NETWORK), node, serverId: NETWORK.address, nowMs: NOW_MS },
    ...{ isOwnOtherId: () => false, reservedForOther: () => false, refusal: null, limit: () => null },
    boot: client.ok ? { client: client.value, decision } : null,
  };
};
const offer = (client: Client, decision: BootDecision, node: BootNode | null = null) => {
  const request = aMessage('discover', CLIENTS[client]);
  return answerProxy(request, context(request, decision, node));
};
const bootServer = (
  client: Client,
  decision: BootDecision,
  type: 'request' | 'inform' | 'discover' = 'request',
) => {
  const request = aMessage(type, CLIENTS[client], { ciaddr: '10.0.0.77' });
  return answerBootServer(request, context(request, decision, null));
};

describe('a proxy offer', () => {
  test.each([
    ['BIOS', 'bios', TFTP, { file: 'f.efi', siaddr: '10.0.0.1' }, BOOT_DIRECTLY],
    ['UEFI', 'uefi', TFTP, { file: 'f.efi', siaddr: '10.0.0.1' }, BOOT_DIRECTLY],
    ['iPXE', 'ipxe', SCRIPT, { file: URL, siaddr: '10.0.0.1' }, BOOT_DIRECTLY],
    ['UEFI to its disk', 'uefi', localDisk('pxe-e21'), { file: '', siaddr: '0.0.0.0' }, BOOT_DIRECTLY],
    ['iPXE to its disk', 'ipxe', localDisk('script'), { file: URL, siaddr: '10.0.0.1' }, BOOT_DIRECTLY],
  ] as const)(
    'to %s has 60 and 43.6 = 8, server and file, and no address',
    (_, client, decision, fields, option43) => {
      const { reply, lease, outcome } = offer(client, decision);
      expect([outcome, lease]).toEqual(['offer', null]);
      expect(reply).toMatchObject({ yiaddr: '0.0.0.0', ciaddr: '0.0.0.0', ...fields });
      expect(reply?.options).toMatchObject({
        dhcpServerIdentifier: '10.0.0.1',
        vendorClassIdentifier: 'PXEClient',
        vendorEncapsulatedOptions: option43,
        uuidGuid: UUID,
      });
      for (const name of ['dhcpLeaseTime', 'subnetMask', 'routers', 'hostName'] as const)
        expect(reply?.options[name]).toBeUndefined();
    },
  );

  test('to UEFI HTTP boot is HTTPClient’s, with the URL', () => {
    const { reply } = offer('http', { kind: 'http', url: URL, reason: '' });
    expect(reply?.options).toMatchObject({ vendorClassIdentifier: 'HTTPClient', bootFileName: URL });
    expect(reply?.options.vendorEncapsulatedOptions).toBeUndefined();
  });

  test('leaves 43 out for UEFI from before 2017, and for nobody else', () => {
    const node = aNode({ quirks: ['uefi-without-43'] });
    const uefi = offer('uefi', TFTP, node).reply;
    expect([
      uefi?.options.vendorClassIdentifier,
      uefi?.options.vendorEncapsulatedOptions,
      uefi?.file,
    ]).toEqual(['PXEClient', undefined, 'f.efi']);
    for (const client of ['bios', 'ipxe'] as const)
      expect(offer(client, TFTP, node).reply?.options.vendorEncapsulatedOptions).toEqual(BOOT_DIRECTLY);
  });

  test.each([
    ['a plain client', 'plain', TFTP],
    ['BIOS to its disk: a ROM without a boot file leaves', 'bios', localDisk('no-file')],
    ['what is ignored', 'ipxe', { kind: 'ignore', reason: 'no' }],
  ] as const)('is not made to %s', (_, client, decision) => {
    expect(offer(client, decision).reply).toBeNull();
  });

  test('is all there is: REQUEST, RELEASE and the like are the other server’s', () => {
    for (const type of ['request', 'release', 'decline', 'inform'] as const) {
      const request = aMessage(type, { ...CLIENTS.uefi, dhcpRequestedAddress: '10.0.0.77' });
      expect(answerProxy(request, context(request, TFTP, null))).toMatchObject({
        reply: null,
        lease: null,
        outcome: type === 'request' ? 'elsewhere' : 'silence',
      });
    }
  });
});

describe('port 4011', () => {
  test('answers what an offer says, as an ACK to the client’s own address', () => {
    const { reply, outcome } = bootServer('uefi', TFTP);
    expect(outcome).toBe('ack');
    expect(reply).toMatchObject({
      ...{ ciaddr: '10.0.0.77', yiaddr: '0.0.0.0', siaddr: '10.0.0.1', file: 'f.efi' },
      options: { dhcpMessageType: 5, vendorClassIdentifier: 'PXEClient', bootFileName: 'f.efi' },
    });
    expect(bootServer('uefi', TFTP, 'inform').outcome).toBe('ack');
  });

  test('answers nothing else', () => {
    expect(bootServer('uefi', TFTP, 'discover').reply).toBeNull();
    expect(bootServer('plain', TFTP).reply).toBeNull();
  });
});
