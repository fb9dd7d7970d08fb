import { reasonOf } from '../errors.ts';
import type { BootTarget } from './boot-override.ts';
import type { DhcpLease } from './fake-dhcp.ts';
import { beginStage, type FakeHost, waitScaled } from './fake-host.ts';
import { fetchFile } from './fake-http.ts';
import { bootInstalledSystem } from './fake-installed-system.ts';
import { runIpxe } from './fake-ipxe.ts';
import type { IpxeEnd, IpxeWorld } from './fake-ipxe-world.ts';
import { leaseAddress } from './fake-nic.ts';
import { bootRamdisk } from './fake-ramdisk.ts';
import { readTftp } from './fake-tftp.ts';
import type { MachineSpec } from './machine.ts';

type BootEntry = 'disk' | 'pxe' | 'http';

/** `next`: this entry boots nothing. `taken`: something runs, or the firmware waits for a key for good. */
type EntryOutcome = 'next' | 'taken';

/**
 * The firmware's entries in order, by what the BMC asked for. `Hdd` is taken at its word: with an empty disk nothing
 * happens. (QEMU's firmware would go on to the network.)
 */
export function bootEntries(target: BootTarget, spec: MachineSpec): readonly BootEntry[] {
  switch (target) {
    case 'Hdd':
      return ['disk'];
    case 'Pxe':
      return ['pxe', 'disk'];
    case 'UefiHttp':
      return ['http', 'disk'];
    case 'None':
      return spec.bootOrder === 'network-first' ? ['pxe', 'disk'] : ['disk', 'pxe'];
  }
}

/** Power-on to whatever runs in the end; returns when that does, or when there is nothing to boot. */
export async function bootMachine(host: FakeHost, target: BootTarget): Promise<void> {
  for (const entry of bootEntries(target, host.spec)) {
    const outcome = entry === 'disk' ? await bootDisk(host) : await bootNetwork(host, entry);
    if (outcome === 'taken') return;
  }
  host.record('no-bootable-device', 'every boot entry was tried');
}

async function bootDisk(host: FakeHost): Promise<EntryOutcome> {
  if (!host.disk.read().image) {
    host.record('disk-empty', 'no system on the disk');
    return 'next';
  }
  await bootInstalledSystem(host);
  return 'taken';
}

async function bootNetwork(host: FakeHost, entry: 'pxe' | 'http'): Promise<EntryOutcome> {
  await beginStage(host, 'network-boot', entry === 'pxe' ? 'PXE over IPv4' : 'HTTP boot over IPv4');
  const lease = await leaseAddress(host, entry);
  if (!lease) return leave(host, 'no DHCP server answered');
  if (!lease.bootFile) return leave(host, `${lease.server} names no boot file`);
  const refused = entry === 'pxe' ? await loadByTftp(host, lease) : await loadByHttp(host, lease);
  if (refused !== null) return leave(host, refused);
  if (!/ipxe|undionly|snponly/i.test(lease.bootFile)) return hang(host, `${lease.bootFile} is not iPXE`);
  return afterIpxe(host, await bootIpxe(host));
}

const leave = (host: FakeHost, why: string): EntryOutcome => {
  host.record('network-boot-failed', why);
  return 'next';
};

const hang = (host: FakeHost, why: string): EntryOutcome => {
  host.record('hangs', why);
  return 'taken';
};

/** Null once the boot program is there, else why it is not. */
async function loadByTftp(host: FakeHost, lease: DhcpLease): Promise<string | null> {
  const file = lease.bootFile ?? '';
  const end = await readTftp({ server: lease.bootServer, file, signal: host.signal });
  if (!end.ok) return `${file}: ${end.reason}`;
  if (end.bytes === 0) return `${file} is empty`;
  host.record('boot-program', `${file}, ${end.bytes} bytes by TFTP from ${lease.bootServer}`);
  return null;
}

/** As OVMF: HEAD, then GET; the offer counts only with 60 = HTTPClient (UEFI 2.10 §24.7). */
async function loadByHttp(host: FakeHost, lease: DhcpLease): Promise<string | null> {
  const url = lease.bootFile ?? '';
  if (!lease.vendorClass?.startsWith('HTTPClient')) return 'the DHCP offer is not for HTTP boot';
  try {
    const head = await fetchFile(url, { method: 'HEAD', signal: host.signal });
    if (head.status !== 200) return `HEAD ${url}: ${head.status}`;
    const file = await fetchFile(url, { signal: host.signal });
    if (file.status !== 200) return `GET ${url}: ${file.status}`;
    host.record('boot-program', `${url}, ${file.bytes} bytes by HTTP`);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** iPXE asks for an address again, and for a script. */
async function bootIpxe(host: FakeHost): Promise<IpxeEnd> {
  await beginStage(host, 'ipxe', 'started');
  const lease = await leaseAddress(host, 'ipxe');
  const url = lease?.bootFile ?? '';
  if (!lease || !URL.canParse(url)) {
    host.record('ipxe-failed', lease ? `no script: boot file "${url}"` : 'no DHCP server answered');
    return { kind: 'exit', code: 1 };
  }
  const world = ipxeWorld(host, lease);
  const script = await world.fetchScript(url);
  return script === null ? { kind: 'exit', code: 1 } : runIpxe(script, url, world);
}

function ipxeWorld(host: FakeHost, lease: DhcpLease): IpxeWorld {
  const { mac, uuid, serial, firmware } = host.spec;
  const fetch = async (url: string) => {
    try {
      const file = await fetchFile(url, { signal: host.signal });
      host.record('ipxe-fetched', `${url}: ${file.status}, ${file.bytes} bytes`);
      return file.status === 200 && file.bytes > 0 ? file : null;
    } catch (error) {
      host.record('ipxe-fetched', reasonOf(error));
      return null;
    }
  };
  return {
    settings: new Map([
      ...['', 'net0/'].flatMap((prefix): [string, string][] => [
        [`${prefix}mac`, mac],
        [`${prefix}ip`, lease.address],
        [`${prefix}next-server`, lease.bootServer],
      ]),
      ['uuid', uuid],
      ['serial', serial],
      ['platform', firmware === 'uefi' ? 'efi' : 'pcbios'],
      ['buildarch', firmware === 'uefi' ? 'x86_64' : 'i386'],
    ]),
    fetchScript: async (url) => (await fetch(url))?.text ?? null,
    fetchImage: async (url) => (await fetch(url)) !== null,
    canBootDisk: () => firmware === 'bios' && host.disk.read().image !== null,
    sleep: (seconds) => waitScaled(host, seconds * 1000),
    print: host.print,
  };
}

/** What the firmware does when iPXE is done; OVMF's two ways to take an `exit` are measured (docs/booting.md). */
async function afterIpxe(host: FakeHost, end: IpxeEnd): Promise<EntryOutcome> {
  switch (end.kind) {
    case 'kernel':
      await beginStage(host, 'kernel', `${end.url} ${end.args.join(' ')}`);
      await bootRamdisk(host, end.args);
      return 'taken';
    case 'disk':
      return bootDisk(host);
    case 'exit':
      if (host.spec.firmware === 'uefi' && end.code === 0) return hang(host, 'exit 0 ends in the setup menu');
      return leave(host, `iPXE left with exit ${end.code}`);
    case 'reboot':
    case 'poweroff':
      host.end(end.kind, 'by the iPXE script');
      return 'taken';
    case 'hang':
      return hang(host, end.reason);
  }
}
