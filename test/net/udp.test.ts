import { describe, expect, test } from 'vitest';
import { type Datagram, openUdpSocket } from '../../src/net/udp.ts';

const open = (over: object = {}, onDatagram: (datagram: Datagram) => void = () => {}) =>
  openUdpSocket({ address: '127.0.0.1', port: 0, onDatagram, onError: () => {}, ...over });

describe.each([
  ['an ordinary socket', {}, '127.0.0.1', '192.0.2.1'],
  ['a socket bound to a device', { device: 'lo' }, '127.0.0.1', '192.0.2.1'],
  ['an ordinary IPv6 socket', { address: '::1' }, '::1', '2001:db8::1'],
  ['an IPv6 socket bound to a device', { address: '::1', device: 'lo' }, '::1', '2001:db8::1'],
])('%s', (_, over, own, foreign) => {
  test('carries datagrams both ways', async () => {
    const heard = Promise.withResolvers<string>();
    const server = await open(over, ({ bytes, from }) =>
      server.send(Buffer.concat([bytes, bytes]), from.port, from.address),
    );
    const client = await open({ address: own }, ({ bytes }) => heard.resolve(Buffer.from(bytes).toString()));
    client.send(Buffer.from('ab'), server.port, own);
    expect(await heard.promise).toBe('abab');
    await Promise.all([server.close(), client.close()]);
  });

  test('a port that is taken is an error with a remedy', async () => {
    const first = await open(over);
    await expect(open({ ...over, port: first.port })).rejects.toMatchObject({
      code: 'E_PORT_TAKEN',
      remedy: expect.stringContaining(`ss -lunp sport = :${first.port}`),
    });
    await first.close();
  });

  test('an address that this host has not', async () => {
    await expect(open({ ...over, address: foreign })).rejects.toMatchObject({ code: 'E_NO_ADDRESS' });
  });
});

test('an interface that does not exist', async () => {
  await expect(open({ device: 'bsA-none' })).rejects.toMatchObject({ code: 'E_NO_INTERFACE' });
});
