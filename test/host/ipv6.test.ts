import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLeaseStore } from '../../src/store/lease-store.ts';
import { Ipv6Lab, LINK, NODE_MAC, SEED_ADDRESS6 } from './ipv6-lab.ts';

const missing = ['dhclient', 'dhcpcd', 'curl'].filter(
  (name) => !['/usr/sbin', '/sbin', '/usr/bin'].some((folder) => existsSync(`${folder}/${name}`)),
);
const whyNot =
  process.getuid?.() !== 0
    ? 'network namespaces need root'
    : missing.length > 0
      ? `missing programs: ${missing.join(' ')}`
      : null;
if (whyNot) console.log(`skipped: ${whyNot}`);

/** As dhclient-script is called: what was told, one a line, and the address set. */
const DHCLIENT_SCRIPT = `#!/bin/sh
env | grep -E '^(reason|new_ip6|new_dhcp6)' | sort
case "$reason" in BOUND6|REBIND6|RENEW6) ip address replace $new_ip6_address/128 dev $interface nodad;; esac
exit 0
`;

describe.skipIf(whyNot !== null)('IPv6: the boot servers and real clients', () => {
  const lab = new Ipv6Lab();
  /** What the machine's card was given at first. */
  let address = '';
  const file = Buffer.from('a boot file '.repeat(20_000));

  /** ISC's client once: what it was told; `-r` gives the address back. */
  async function dhclient(...options: string[]): Promise<Record<string, string>> {
    const files = ['-lf', lab.path('dhclient6.leases'), '-pf', lab.path('dhclient6.pid')];
    const args = ['-6', '-1', ...options, '-sf', lab.path('script'), ...files, LINK];
    const pid = lab.path('dhclient6.pid');
    // Until it has gone to the background and is gone: two clients on port 546 take each other's answers.
    const end = [
      `for i in $(seq 50); do [ -s ${pid} ] && break; sleep 0.1; done`,
      `p=$(cat ${pid}) && kill $p && timeout 5 tail --pid=$p -f /dev/null`,
    ];
    const start = `rm -f ${options.includes('-r') ? '' : pid}; dhclient ${args.join(' ')}`;
    const command = [start, ...(options.includes('-r') ? [] : end)].join('; ');
    const { stdout } = await lab.onNode('sh', ['-c', command]);
    const pairs = stdout.matchAll(/^(\w+)=(.*)$/gm);
    return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));
  }

  beforeAll(async () => {
    const boot = lab.path('boot.efi');
    writeFileSync(boot, file);
    writeFileSync(lab.path('script'), DHCLIENT_SCRIPT, { mode: 0o755 });
    await lab.open({ programs: { 'boot.efi': boot } });
    await lab.startServer();
  });
  afterAll(() => lab.close());

  test('the kernel learns from the advertisement that the prefix is on the link', async () => {
    await expect
      .poll(async () => (await lab.onNode('ip', ['-6', 'route', 'show', 'dev', LINK])).stdout, {
        timeout: 10_000,
      })
      .toMatch(/^fd77::\/64 proto kernel/m);
    const { stdout } = await lab.onNode('ip', ['-6', 'address', 'show', 'dev', LINK, 'scope', 'global']);
    expect(stdout).toBe(''); // it makes no address up
  });

  test('dhclient gets an address, keeps it, and is told what it asks for', async () => {
    const first = await dhclient();
    expect(first).toMatchObject({
      reason: 'BOUND6',
      new_ip6_address: expect.stringMatching(/^fd77::1:[0-9a-f]{1,2}$/),
      new_dhcp6_name_servers: 'fd77::53',
      new_dhcp6_domain_search: 'lab.example.',
    });
    address = first['new_ip6_address'] ?? '';
    expect(lab.events('dhcp6 reply')).toEqual([
      expect.objectContaining({ mac: NODE_MAC, address, message: 'REQUEST' }),
    ]);
    expect(await dhclient()).toMatchObject({ reason: 'BOUND6', new_ip6_address: address }); // by CONFIRM
  });

  test('dhcpcd, with another DUID, gets the same address: it is the card’s', async () => {
    const { stdout, stderr } = await lab.onNode('dhcpcd', [
      '-6',
      '-1',
      '-T',
      '-t',
      '20',
      '--noipv6rs',
      '--ia_na',
      LINK,
    ]);
    expect(`${stdout}${stderr}`).toContain(`new_dhcp6_ia_na1_ia_addr1='${address}'`);
  });

  test('an acknowledged address is on the disk, and is known after kill -9', async () => {
    await lab.stopServer('SIGKILL');
    const leases = await openLeaseStore(lab.path('leases.sqlite'));
    expect(await leases.load()).toEqual([
      expect.objectContaining({ network: 'provisioning/ipv6', mac: NODE_MAC, address, state: 'bound' }),
    ]);
    await leases.close();
    await lab.startServer();
    rmSync(lab.path('dhclient6.leases'));
    expect(await dhclient()).toMatchObject({ reason: 'BOUND6', new_ip6_address: address });
  });

  test('boot files by TFTP and HTTP over IPv6', async () => {
    for (const url of [
      `tftp://[${SEED_ADDRESS6}]/boot.efi`,
      `http://[${SEED_ADDRESS6}]:8080/boot/boot.efi`,
    ]) {
      const { stdout, exitCode } = await lab.onNode('curl', ['-gs', url]);
      expect([url, exitCode, stdout.length]).toEqual([url, 0, file.length]);
    }
    await expect
      .poll(() => lab.events('tftp program').at(0))
      .toMatchObject({ decision: 'completed', mac: NODE_MAC });
    await expect
      .poll(() => lab.events('http program').at(0))
      .toMatchObject({ decision: 'completed', mac: NODE_MAC });
  });

  test('an address that is given back is free', async () => {
    await dhclient('-r');
    await expect
      .poll(() => lab.events('dhcp6 reply').at(-1), { timeout: 5_000 })
      .toMatchObject({ message: 'RELEASE', address });
  });
});
