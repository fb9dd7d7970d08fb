import type { BootNetwork } from '../../src/core/dhcp-network.ts';

/** A network as a test wants it; what it does not say is the plainest there is. */
export const aNetwork = (over: Partial<BootNetwork> = {}): BootNetwork => ({
  name: 'provisioning',
  interface: 'eth1',
  address: '10.0.0.1',
  subnet: '10.0.0.0',
  prefixLength: 24,
  wire: over.interface ?? 'eth1',
  gateway: null,
  dns: [],
  domain: null,
  ntp: [],
  mtu: null,
  pools: [{ start: '10.0.0.100', end: '10.0.0.103' }],
  leaseSeconds: 3600,
  mode: 'authoritative',
  observe: false,
  quirks: [],
  otherServers: [],
  extra: { domainSearch: [], routes: [], free: [] },
  ...over,
});
