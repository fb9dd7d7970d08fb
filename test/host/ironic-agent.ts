import { systemClock } from '../../src/clock.ts';
import { request } from '../../src/net/request.ts';

// The part of an agent as far as Ironic sees it, with no machine below.

/** What an agent posts, as far as the hooks read it. */
export const report = (mac: string) => ({
  inventory: {
    interfaces: [
      { name: 'eth0', mac_address: mac, ipv4_address: '10.77.0.101', has_carrier: true, lldp: [] },
    ],
    cpu: { model_name: 'QEMU', architecture: 'x86_64', count: 2, flags: ['vmx'] },
    disks: [{ name: '/dev/vda', size: 8 * 2 ** 30, serial: 'disk-1', rotational: false }],
    memory: { physical_mb: 2048, total: 2 ** 31 },
    boot: { current_boot_mode: 'uefi', pxe_interface: mac },
    bmc_address: '10.78.0.11',
    system_vendor: { manufacturer: 'QEMU', serial_number: 'LAB0001' },
  },
  boot_interface: mac,
  error: null,
  root_disk: { name: '/dev/vda', size: 8 * 2 ** 30 },
});

const asAgent = { 'x-openstack-ironic-api-version': '1.68', 'content-type': 'application/json' };

/** The token that Ironic gives to an agent with this MAC; null while it knows no such machine. */
export async function lookUp(apiUrl: string, mac: string): Promise<string | null> {
  const url = `${apiUrl}/v1/lookup?addresses=${mac}`;
  const answer = await request(url, { headers: asAgent, timeoutMs: 60_000 });
  return answer.status === 200 ? JSON.parse(answer.text).config.agent_token : null;
}

/** Asks as an agent does, until Ironic knows the machine; returns the token that only the first one gets. */
export async function keepLookingUp(apiUrl: string, mac: string): Promise<string> {
  for (;;) {
    const token = await lookUp(apiUrl, mac);
    if (token !== null) return token;
    await systemClock.sleep(50);
  }
}

/** Says that the agent is there; returns the HTTP status. */
export async function heartbeat(apiUrl: string, uuid: string, token: string): Promise<number> {
  const answer = await request(`${apiUrl}/v1/heartbeat/${uuid}`, {
    method: 'POST',
    headers: asAgent,
    body: JSON.stringify({
      callback_url: 'https://10.77.0.101:9999',
      agent_token: token,
      agent_version: '13.0.0',
    }),
    timeoutMs: 60_000,
  });
  return answer.status;
}
