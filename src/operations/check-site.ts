import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Bmc } from '../bmc/bmc.ts';
import { findDhcpServers } from '../boot/watch-dhcp-servers.ts';
import { systemClock } from '../clock.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import { freePort } from '../net/free-port.ts';
import type { LoadedSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import type { SiteNode } from '../site/site.ts';
import { type ProvisioningNetwork, provisioningNetworks } from '../site/views.ts';
import { BOOT_PROGRAMS } from './boot-programs.ts';
import { requirePackageCache } from './package-cache.ts';

export interface CheckResult {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; null where nothing is wrong. */
  readonly remedy: string | null;
}

interface CheckDeps {
  readonly openBmc: (node: SiteNode) => Promise<Bmc>;
  /** A daemon of this site runs: the ports are its own. */
  readonly daemonRuns: boolean;
  readonly signal: AbortSignal;
}

const NEED_GIB = 6;

/** Looks at the site and this host as a bring-up would find them. Changes nothing; each trouble has its remedy. */
export async function checkSite(loaded: LoadedSite, deps: CheckDeps): Promise<CheckResult[]> {
  const { site } = loaded;
  const networks = provisioningNetworks(site);
  const results = [
    passed('site file', `${site.nodes.length} nodes, ${Object.keys(site.networks).length} networks`),
    ...loaded.warnings.map((warning) =>
      failed('site file', warning, 'Put the secret into a file of mode 600.'),
    ),
    await attempt(
      'keys',
      async () =>
        `${(await loaded.readAuthorizedKeys()).length} public, ${(await loaded.readSecret(site.access.privateKey)) && 'the private one'}`,
    ),
    ...networks.map((network) => checkInterface(network.name, network.interface, network.address)),
    ...(await checkPrograms()),
    ...(site.seed.packageCache === null
      ? []
      : [await attempt('package cache', async () => requirePackageCache())]),
    await attempt('space', () => checkSpace(site.seed.stateDir)),
  ];
  const ports = networks.flatMap(({ name, address, dhcp }) => [
    ...(dhcp.mode === 'off' ? [] : [67, 4011].map((port) => ({ name, address, port, udp: true }))),
    { name, address, port: 69, udp: true },
    { name, address, port: site.seed.httpPort, udp: false },
    ...(site.seed.packageCache === null
      ? []
      : [{ name, address, port: site.seed.packageCache.port, udp: false }]),
    ...(site.seed.tlsPort === null ? [] : [{ name, address, port: site.seed.tlsPort, udp: false }]),
    ...(site.undercloud.enabled ? [{ name, address, port: site.undercloud.apiPort, udp: false }] : []),
  ]);
  if (deps.daemonRuns) results.push(passed('ports', `held by the daemon on ${seedPaths(site).socket}`));
  else for (const port of ports) results.push(await checkPort(port));
  results.push(...(await Promise.all(networks.map((network) => checkDhcpServers(network, networks, deps)))));
  const bmcs = site.nodes.filter((node) => node.bmc !== null).map((node) => checkBmc(node, deps));
  return [...results, ...(await Promise.all(bmcs))];
}

const passed = (what: string, detail: string): CheckResult => ({ what, ok: true, detail, remedy: null });
const failed = (what: string, detail: string, remedy: string): CheckResult => ({
  what,
  ok: false,
  detail,
  remedy,
});

async function attempt(what: string, look: () => Promise<string>): Promise<CheckResult> {
  try {
    return passed(what, await look());
  } catch (error) {
    if (error instanceof BlackstartError) return failed(what, error.message, error.remedy);
    return failed(what, reasonOf(error), 'See the message.');
  }
}

function checkInterface(network: string, name: string, address: string): CheckResult {
  const what = `network ${network}`;
  const found = networkInterfaces()[name];
  if (found === undefined)
    return failed(
      what,
      `this host has no interface ${name}, or it is down`,
      `Correct "networks.${network}.interface" in site.yaml, or "ip link set ${name} up".`,
    );
  if (found.some((entry) => entry.address === address)) return passed(what, `${name} has ${address}`);
  return failed(
    what,
    `${name} does not have the address ${address}`,
    `"ip address add ${address}/… dev ${name}", or correct "networks.${network}.address".`,
  );
}

function checkPrograms(): Promise<CheckResult[]> {
  const looks = Object.entries(BOOT_PROGRAMS).map(async ([name, { file, debianPackage }]) => {
    const there = await access(file, constants.R_OK).then(
      () => true,
      () => false,
    );
    return there
      ? passed('boot program', `${name}: ${file}`)
      : failed('boot program', `${name} is missing (${file})`, `"apt-get install ${debianPackage}".`);
  });
  return Promise.all(looks);
}

async function checkSpace(stateDir: string): Promise<string> {
  const existing = await statfs(stateDir).catch(() => statfs('/'));
  const freeGib = Math.floor((existing.bavail * existing.bsize) / 1024 ** 3);
  if (freeGib >= NEED_GIB) return `${freeGib} GiB free`;
  throw new BlackstartError('E_NO_SPACE', `only ${freeGib} GiB are free for ${stateDir}`, {
    remedy: `Make room for ${NEED_GIB} GiB, or set seed.stateDir to another disk.`,
  });
}

async function checkPort({
  name,
  address,
  port,
  udp,
}: {
  name: string;
  address: string;
  port: number;
  udp: boolean;
}): Promise<CheckResult> {
  return attempt(`port ${port}/${udp ? 'udp' : 'tcp'} on ${name}`, async () => {
    await freePort(address, port, udp ? 'udp' : 'tcp');
    return 'free';
  });
}

/** Another DHCP server makes machines boot what it says, or gives one address to two. */
function checkDhcpServers(
  { name, interface: device, dhcp }: ProvisioningNetwork,
  networks: readonly ProvisioningNetwork[],
  { signal }: CheckDeps,
): Promise<CheckResult> {
  const what = `DHCP servers on ${name}`;
  return attempt(what, async () => {
    const ours = new Set(networks.map(({ address }) => address));
    const expected = 'otherServers' in dhcp ? dhcp.otherServers : [];
    const found = await findDhcpServers(device, ours, systemClock, signal);
    const others = found.filter(({ address }) => dhcp.mode === 'proxy' || !expected.includes(address));
    const heard = others.map(({ address, mac, said }) => `${address} (${mac}): ${said}`).join('; ');
    if (dhcp.mode === 'off') return heard || 'no other answers';
    if (dhcp.mode === 'proxy' && others.length === 0)
      throw new BlackstartError('E_NO_DHCP', 'none answers, and the seed itself gives out no addresses', {
        remedy: `Start the DHCP server of that network, or set "networks.${name}.dhcp.mode" to authoritative.`,
      });
    const belonging =
      expected.length > 0 ? others.every(({ address }) => expected.includes(address)) : others.length === 1;
    if (dhcp.mode === 'proxy' ? belonging : others.length === 0) return heard || 'no other answers';
    throw new BlackstartError('E_ROGUE_DHCP', `another answers: ${heard}`, {
      remedy: `Find it by its MAC address on the switch and take it off the network, or set "networks.${name}.dhcp.mode" to off.`,
    });
  });
}

function checkBmc(node: SiteNode, { openBmc, signal }: CheckDeps): Promise<CheckResult> {
  return attempt(`BMC of ${node.name}`, async () => {
    const bmc = await openBmc(node);
    try {
      return `answers; the machine is ${await bmc.powerState({ signal })}`;
    } finally {
      await bmc.close();
    }
  });
}
