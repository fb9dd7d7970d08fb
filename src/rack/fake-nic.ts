import { run, tryRun } from '../exec/run.ts';
import { askDhcp, type DhcpLease } from './fake-dhcp.ts';
import { type DhcpPersona, personaOptions } from './fake-dhcp-personas.ts';
import type { FakeHost } from './fake-host.ts';
import { FAKE_NIC } from './fake-machine-protocol.ts';

/** A third of what firmware takes to give up. */
const DHCP_PATIENCE_MS = 20_000;

/** The network as a new program finds it: the cable plugged in, no address, broadcasts go out. */
export async function resetNic(): Promise<void> {
  await tryRun('ip', ['addr', 'flush', 'dev', FAKE_NIC, 'scope', 'global']);
  await run('ip', ['link', 'set', FAKE_NIC, 'up']);
  await run('ip', ['route', 'replace', 'default', 'dev', FAKE_NIC]);
}

/** Asks for an address as `persona` and takes it; null when no server answers. */
export async function leaseAddress(host: FakeHost, persona: DhcpPersona): Promise<DhcpLease | null> {
  await resetNic();
  const lease = await askDhcp({
    mac: host.spec.mac,
    options: personaOptions(persona, host.spec),
    timeScale: host.timeScale,
    patienceMs: DHCP_PATIENCE_MS,
    signal: host.signal,
  });
  if (lease) await setAddress(lease.address, lease.prefix, lease.router);
  return lease;
}

export async function setAddress(address: string, prefix: number, router: string | null): Promise<void> {
  await run('ip', ['addr', 'replace', `${address}/${prefix}`, 'dev', FAKE_NIC]);
  await run('ip', ['route', 'replace', 'default', ...(router ? ['via', router] : []), 'dev', FAKE_NIC]);
}
