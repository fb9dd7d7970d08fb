import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LINK, NetbootLab, NODE_MAC, SEED_ADDRESS } from './netboot-lab.ts';

const whyNot = NetbootLab.whyNot();
if (whyNot) console.log(`skipped: ${whyNot}`);

/** Solicits routers as iPXE does; prints the hop limit and the bytes of the first advertisement. */
const SOLICIT = `
import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
s.settimeout(5)
scope = socket.if_nametoindex(sys.argv[1])
for attempt in range(50):
    try:
        s.sendto(bytes([133, 0, 0, 0, 0, 0, 0, 0]), ('ff02::2', 0, 0, scope))
        break
    except OSError: # the link-local address is still being checked for duplicates
        time.sleep(0.1)
while True:
    data, extra, _, source = s.recvmsg(1500, 100)
    if data[0] == 134:
        print(int.from_bytes(extra[0][2], 'little'), data[4:].hex(), source[0].startswith('fe80'))
        break
`;

describe.skipIf(whyNot !== null)('boot servers and real clients', () => {
  const lab = new NetbootLab();
  const same = (got: string, name: string) =>
    readFileSync(join(lab.folder, got)).equals(lab.files[name] ?? Buffer.of());
  const url = (path: string) => `http://${SEED_ADDRESS}:8080${path}`;

  beforeAll(async () => {
    await lab.open();
    expect(await lab.startServer()).toEqual({ exitCode: null, stderr: '' });
  });
  afterAll(() => lab.close());

  test('two DHCP clients with different identifiers get one address', async () => {
    expect(await lab.dhclient()).toBe('10.77.0.100');
    expect(await lab.udhcpc()).toBe('10.77.0.100');
    expect(lab.events('dhcp ack').length).toBeGreaterThanOrEqual(2);
    expect(lab.events('dhcp ack').at(-1)).toMatchObject({ mac: NODE_MAC, address: '10.77.0.100' });
  });

  test('a router solicitation is answered by an empty advertisement', async () => {
    const { stdout, stderr } = await lab.onNode('/usr/bin/python3', ['-c', SOLICIT, LINK]);
    expect([stdout.trim(), stderr]).toEqual(['255 400000000000000000000000 True', '']);
  });

  describe.each([0, 1, 5])('TFTP at %i percent loss', (percent) => {
    beforeAll(() => lab.lose(percent));
    afterAll(() => lab.lose(0));

    test.each<[string, string, string[]]>([
      ['tftp-hpa', 'tftp', ['-4', '-m', 'binary', SEED_ADDRESS, '-c', 'get', 'small.efi', 'got']],
      [
        'atftp, window 16',
        'atftp',
        [
          '--option',
          'windowsize 16',
          '--option',
          'blksize 1468',
          '-g',
          '-r',
          'big.efi',
          '-l',
          'got',
          SEED_ADDRESS,
        ],
      ],
      [
        'busybox, blocks of 1432',
        'busybox',
        ['tftp', '-b', '1432', '-g', '-r', 'big.efi', '-l', 'got', SEED_ADDRESS],
      ],
      ['curl', 'curl', ['-s', '--tftp-blksize', '1468', '-o', 'got', `tftp://${SEED_ADDRESS}/big.efi`]],
    ])('%s gets the whole file', async (_, program, args) => {
      rmSync(join(lab.folder, 'got'), { force: true });
      const startedMs = Date.now();
      const { exitCode, stderr } = await lab.onNode(program, args, 120_000);
      console.log(
        `${percent} % loss, ${program} ${args.includes('small.efi') ? 'small' : 'big'}: ${Date.now() - startedMs} ms`,
      );
      expect([exitCode, stderr.includes('rror')]).toEqual([0, false]);
      expect(same('got', args.includes('small.efi') ? 'small.efi' : 'big.efi')).toBe(true);
    });
  });

  test('TFTP refuses to write, and knows no other file', async () => {
    await lab.onNode('tftp', ['-4', '-m', 'binary', SEED_ADDRESS, '-c', 'put', 'got', 'small.efi']);
    const climb = await lab.onNode('curl', ['-s', `tftp://${SEED_ADDRESS}//../config.json`]);
    expect([climb.exitCode, climb.stdout]).toEqual([68, '']); // curl's "file not found on TFTP server"
    expect(same('small.efi', 'small.efi')).toBe(true);
  });

  test('HTTP: whole, HEAD, a range, a resumed download', async () => {
    await lab.onNode('curl', ['-sf', '-o', 'got', url('/images/big.efi')]);
    expect(same('got', 'big.efi')).toBe(true);
    const head = await lab.onNode('curl', ['-sI', url('/boot/small.efi')]);
    expect(head.stdout).toMatch(/^HTTP\/1.1 200 OK\s.*content-length: 300001\s/is);
    await lab.onNode('curl', ['-sf', '-r', '0-999', '-o', 'part', url('/images/big.efi')]);
    await lab.onNode('curl', ['-sf', '-C', '-', '-o', 'part', url('/images/big.efi')]);
    expect(same('part', 'big.efi')).toBe(true);
    expect(lab.events('image').at(0)).toMatchObject({
      decision: 'completed',
      bytes: 1_200_000,
      mac: NODE_MAC,
    });
  });

  test('an agent’s inventory arrives with the machine’s MAC', async () => {
    const post = ['-s', '--json', '{"inventory": {}}', url('/v1/discovery')];
    expect((await lab.onNode('curl', post)).stdout).toBe('{"uuid":null}');
    expect(lab.lines.find((line) => line.inventory)).toEqual({
      inventory: { inventory: {} },
      sender: { address: '10.77.0.100', mac: NODE_MAC },
    });
  });

  test('a second server is told that the port is taken', async () => {
    expect(await lab.startSecondServer()).toMatch(/E_PORT_TAKEN/);
  });

  test('an acknowledged lease survives kill -9, and renewals go on', async () => {
    await lab.onNode('ip', ['link', 'set', LINK, 'address', '52:54:00:99:00:02']);
    expect(await lab.udhcpc()).toBe('10.77.0.101');
    await lab.stopServer('SIGKILL');
    expect((await lab.startServer()).exitCode).toBeNull();
    expect(await lab.udhcpc()).toBe('10.77.0.101');
    await lab.onNode('ip', ['link', 'set', LINK, 'address', NODE_MAC]);
    expect(await lab.udhcpc()).toBe('10.77.0.100');
  });

  test('SIGTERM ends it cleanly, with nothing left open', async () => {
    expect(await lab.stopServer('SIGTERM')).toBe(0);
  });
});
