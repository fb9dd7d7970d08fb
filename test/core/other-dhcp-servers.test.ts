import { describe, expect, test } from 'vitest';
import { OtherDhcpServers, readOtherServer, serverProbe } from '../../src/core/other-dhcp-servers.ts';
import { decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { aMessage } from './dhcp-samples.ts';

const SENDER = { address: '10.0.0.9', mac: '52:54:00:aa:00:09' };
const OURS = new Set(['10.0.0.1']);
const offer = (server?: string) =>
  aMessage('offer', server ? { dhcpServerIdentifier: server, routers: ['10.0.0.9'] } : {}, {
    op: 2,
    yiaddr: '10.0.0.50',
    file: 'pxelinux.0',
    siaddr: '10.0.0.9',
  });

describe('a message to port 68', () => {
  test('of another server names it, and what it said', () => {
    expect(readOtherServer(offer('10.0.0.9'), SENDER, OURS)).toEqual({
      ...SENDER,
      said: 'offer of 10.0.0.50 to 52:54:00:99:00:01, router 10.0.0.9, boot server 10.0.0.9, boot file "pxelinux.0"',
    });
  });

  test('without a server identifier is its sender’s', () => {
    expect(readOtherServer(offer(), SENDER, OURS)).toMatchObject({ address: '10.0.0.9' });
  });

  test.each([
    ['ours, back from a relay', offer('10.0.0.1'), SENDER],
    ['ours', offer('10.0.0.1'), { address: '10.0.0.1', mac: 'm' }],
    ['a request', aMessage('discover'), SENDER],
    ['plain BOOTP', { ...offer(), options: {} }, SENDER],
  ])('%s is no other server', (_, message, sender) => {
    expect(readOtherServer(message, sender, OURS)).toBeNull();
  });
});

describe('which servers are news', () => {
  const server = (address: string) => ({ address, mac: `mac of ${address}`, said: 'x' });

  test('each once, and again after ten minutes', () => {
    const servers = new OtherDhcpServers({ expected: [], expectsOne: false });
    expect(servers.judge(server('a'), 0)).toBe('rogue');
    expect(servers.judge(server('a'), 599_999)).toBeNull();
    expect(servers.judge(server('b'), 599_999)).toBe('rogue');
    expect(servers.judge(server('a'), 600_000)).toBe('rogue');
  });

  test('where one belongs, only a second is', () => {
    const servers = new OtherDhcpServers({ expected: [], expectsOne: true });
    expect(servers.judge(server('a'), 0)).toBe('expected');
    expect(servers.judge(server('a'), 1)).toBeNull();
    expect(servers.judge(server('b'), 2)).toBe('rogue');
  });

  test('one that the site names never is', () => {
    const servers = new OtherDhcpServers({ expected: ['b'], expectsOne: true });
    expect(servers.judge(server('b'), 0)).toBeNull();
    expect(servers.judge(server('a'), 0)).toBe('rogue');
  });

  test('forged ones are told until it is enough', () => {
    const servers = new OtherDhcpServers({ expected: [], expectsOne: false });
    const told = Array.from({ length: 1000 }, (_, index) => servers.judge(server(`${index}`), 0));
    expect(told.filter((verdict) => verdict === 'rogue')).toHaveLength(64);
    expect(servers.judge(server('later'), 600_000)).toBe('rogue');
  });
});

test('a probe is a DISCOVER of a locally administered MAC, the same each time, that no server refuses', () => {
  const probe = decodeDhcp(encodeDhcp(serverProbe('52:54:00:99:00:01', 9)));
  expect(probe).toMatchObject({
    ok: true,
    value: { xid: 9, flags: 0x8000, chaddr: '12:54:00:99:00:01', options: { dhcpMessageType: 1 } },
  });
  expect(serverProbe('b8:ce:f6:01:02:03', 9).chaddr).toBe('fa:ce:f6:01:02:03');
});
