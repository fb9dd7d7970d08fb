import { describe, expect, test } from 'vitest';
import type { Datagram } from '../../src/net/datagram.ts';
import { openUdpSocket } from '../../src/net/udp.ts';

const open = (over: object = {}, onDatagram: (datagram: Datagram) => void = () => {}) =>
  openUdpSocket({ address: '127.0.0.1', port: 0, onDatagram, onError: () => {}, ...over });

describe.each([
  ['an ordinary socket', {}, '127.0.0.1', '192.0.2.1'],
  ['a socket bound to a device', { device: 'lo' }, '127.0.0.1', '192.0.2.1'],
  ['a socket for bursts', { device: 'lo', bursts: true }, '127.0.0.1', '192.0.2.1'],
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

test('a socket for bursts takes a thousand at once, each whole and with its sender, and sends as many', async () => {
  const server = await open({ device: 'lo', bursts: true }, ({ bytes, from }) =>
    server.send(bytes, from.port, from.address),
  );
  const echoed = new Set<string>();
  const all = Promise.withResolvers<void>();
  const client = await open({ device: 'lo', bursts: true }, ({ bytes }) => {
    echoed.add(Buffer.from(bytes).toString());
    if (echoed.size === 1_000) all.resolve();
  });
  const sent = Array.from({ length: 1_000 }, (_, index) => `${index} `.repeat((index % 200) + 1));
  for (const text of sent) client.send(Buffer.from(text), server.port, '127.0.0.1');
  await all.promise;
  expect([...echoed].sort()).toEqual([...sent].sort());
  await Promise.all([server.close(), client.close()]);
});

test('what cannot be sent is told, and what follows it is sent', async () => {
  const errors: string[] = [];
  const heard = Promise.withResolvers<string>();
  const server = await open({}, ({ bytes }) => heard.resolve(Buffer.from(bytes).toString()));
  const client = await open({
    device: 'lo',
    bursts: true,
    onError: (error: Error) => errors.push(error.message),
  });
  client.send(Buffer.from('nowhere'), 9, '255.255.255.255'); // broadcasting was not asked for
  client.send(Buffer.alloc(2_000), server.port, '127.0.0.1');
  client.send(Buffer.from('here'), server.port, '127.0.0.1');
  expect(await heard.promise).toBe('here');
  expect(errors.sort()).toEqual(['2000 bytes are too many', 'cannot send: errno 13']);
  await Promise.all([server.close(), client.close()]);
});

test('a socket for bursts leaves turns to others, however much comes in', async () => {
  let [inTurn, most, heard] = [0, 0, 0];
  const all = Promise.withResolvers<void>();
  const count = () => {
    most = Math.max(most, inTurn);
    inTurn = 0;
    if (heard < 3_000) setImmediate(count);
    else all.resolve();
  };
  const server = await open({ device: 'lo', bursts: true }, () => {
    inTurn += 1;
    heard += 1;
  });
  const client = await open({ device: 'lo', bursts: true });
  for (let index = 0; index < 3_000; index++) client.send(Buffer.from('x'), server.port, '127.0.0.1');
  await new Promise((resolve) => process.nextTick(resolve));
  setImmediate(count);
  await all.promise;
  expect(most).toBeLessThan(400);
  await Promise.all([server.close(), client.close()]);
});
