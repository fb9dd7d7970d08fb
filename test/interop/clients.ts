import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type RunResult, run, tryRun } from '../../src/exec/run.ts';
import { CLIENT_LINK, MACHINES, type Segment } from './segment.ts';

const LIMIT_MS = 120_000;
const { resolve } = createRequire(import.meta.url);

/** Where a client program runs, and its scratch folder. */
interface ClientPlace {
  readonly segment: Segment;
  readonly dir: string;
}

/** A DHCP client of somebody else's. `lease` gives the address that it took; null when it took none. */
export interface DhcpProgram {
  readonly name: string;
  readonly program: string;
  lease(place: ClientPlace): Promise<string | null>;
}

/** A client that fetches a file. */
export interface FetchProgram {
  readonly name: string;
  readonly program: string;
  /** It gives up by itself when packets are lost, whoever serves: not asked to, then. */
  readonly wantsAllPackets?: boolean;
  fetch(place: ClientPlace, server: string, file: string, into: string): Promise<RunResult>;
}

const onClient = ({ segment, dir }: ClientPlace, program: string, args: readonly string[]) =>
  tryRun('ip', segment.at('client', program, ...args), { cwd: dir, timeoutMs: LIMIT_MS });

const found = (pattern: RegExp, text: string): string | null => pattern.exec(text)?.[1] ?? null;

/** The client's link without addresses and routes, as a machine's is before DHCP. */
export async function bare({ segment }: ClientPlace): Promise<void> {
  await run('ip', ['-n', segment.namespace('client'), 'address', 'flush', 'dev', CLIENT_LINK]);
}

/** The client's link with an address and the way to the seed, for programs that only fetch. */
export async function configured({ segment }: ClientPlace): Promise<void> {
  const inClient = ['-n', segment.namespace('client')];
  await run('ip', [...inClient, 'address', 'replace', '10.91.0.50/24', 'dev', CLIENT_LINK]);
  if (segment.mode === 'relayed')
    await run('ip', [...inClient, 'route', 'replace', 'default', 'via', MACHINES.relay]);
}

/** Debian's clients, one of npm's, and systemd's. */
export const DHCP_PROGRAMS: readonly DhcpProgram[] = [
  {
    name: 'dhclient',
    program: '/usr/sbin/dhclient',
    async lease(place) {
      const files = ['-lf', join(place.dir, 'dhclient.leases'), '-pf', join(place.dir, 'dhclient.pid')];
      const args = ['-4', '-1', '-v', '-d', '-sf', '/bin/true', ...files, CLIENT_LINK];
      const script = [
        `dhclient ${args.join(' ')} >said 2>&1 & client=$!`,
        'for wait in $(seq 900); do grep -q "bound to" said && break; kill -0 $client || break; sleep 0.1; done',
        'kill $client; cat said', // it would stay to renew
      ].join('\n');
      return found(/bound to (\S+)/, (await onClient(place, 'sh', ['-c', script])).stdout);
    },
  },
  {
    name: 'udhcpc',
    program: '/usr/bin/busybox',
    async lease(place) {
      const args = ['udhcpc', '-i', CLIENT_LINK, '-n', '-q', '-f', '-t', '8', '-T', '1', '-s', '/bin/true'];
      const { stdout, stderr } = await onClient(place, 'busybox', args);
      return found(/lease of (\S+) obtained/, stdout + stderr);
    },
  },
  {
    name: 'dhcpcd',
    program: '/usr/sbin/dhcpcd',
    async lease(place) {
      const args = `--oneshot --waitip=4 --ipv4only --noarp --timeout 60 --script /bin/true ${CLIENT_LINK}`;
      const state = '/var/lib/dhcpcd /run/dhcpcd'
        .split(' ')
        .map((at) => `mkdir -p ${at}; mount -t tmpfs none ${at}`);
      const script = `${state.join('; ')}; exec dhcpcd ${args}`;
      const { stdout, stderr } = await onClient(place, 'unshare', ['-m', 'sh', '-c', script]);
      return found(/leased (\S+)/, stdout + stderr);
    },
  },
  {
    name: 'systemd-networkd',
    program: '/lib/systemd/systemd-networkd',
    async lease(place) {
      const network = join(place.dir, 'client.network');
      writeFileSync(network, `[Match]\nName=${CLIENT_LINK}\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n`);
      const script = [
        'mkdir -p /run/systemd /etc/systemd/network',
        // It leaves links alone until udev has named them, unless /sys is read-only, as in a container.
        'mount -o remount,ro,bind /sys; mount -t tmpfs none /run/systemd; mount -t tmpfs none /etc/systemd/network',
        `mkdir -p /run/systemd/netif/leases /run/systemd/netif/links /run/systemd/netif/lldp`,
        `cp ${network} /etc/systemd/network/; chmod 644 /etc/systemd/network/*; chown -R systemd-network:systemd-network /run/systemd/netif`,
        'SYSTEMD_LOG_TARGET=console timeout 60 /lib/systemd/systemd-networkd >said 2>&1 & networkd=$!',
        'for wait in $(seq 600); do grep -q "DHCPv4 address" said && break; sleep 0.1; done',
        'kill $networkd; cat said',
      ].join('; ');
      const { stdout, stderr } = await onClient(place, 'unshare', ['-m', 'sh', '-c', script]);
      return found(/DHCPv4 address ([\d.]+)/, stdout + stderr);
    },
  },
  {
    name: 'npm dhcp',
    program: process.execPath,
    async lease(place) {
      const inClient = ['-n', place.segment.namespace('client')];
      // It sends through an ordinary socket, which needs an address to send from.
      await run('ip', [...inClient, 'address', 'replace', '169.254.91.1/16', 'dev', CLIENT_LINK]);
      await run('ip', [...inClient, 'route', 'replace', 'default', 'dev', CLIENT_LINK]);
      const script = `
        const client = require(${JSON.stringify(resolve('dhcp'))}).createClient({ mac: '52:54:00:91:00:77' });
        client.on('bound', (state) => { console.log('bound ' + state.address); process.exit(0); });
        client.on('listening', () => { client.sendDiscover(); setInterval(() => client.sendDiscover(), 2000); });
        client.listen();
        setTimeout(() => process.exit(1), 60000);`;
      const { stdout } = await onClient(place, process.execPath, ['-e', script]);
      await bare(place);
      return found(/bound (\S+)/, stdout);
    },
  },
];

export const FETCH_PROGRAMS: readonly FetchProgram[] = [
  {
    name: 'tftp-hpa',
    program: '/usr/bin/tftp',
    fetch: (place, server, file, into) =>
      onClient(place, 'tftp', ['-4', '-m', 'binary', server, '-c', 'get', file, into]),
  },
  {
    name: 'atftp, window 16',
    program: '/usr/bin/atftp',
    fetch: (place, server, file, into) =>
      onClient(place, 'atftp', [
        ...['--option', 'windowsize 16', '--option', 'blksize 1468'],
        ...['-g', '-r', file, '-l', into, server],
      ]),
  },
  {
    name: 'busybox tftp, blocks of 1432',
    program: '/usr/bin/busybox',
    fetch: (place, server, file, into) =>
      onClient(place, 'busybox', ['tftp', '-b', '1432', '-g', '-r', file, '-l', into, server]),
  },
  {
    name: 'curl tftp',
    program: '/usr/bin/curl',
    fetch: (place, server, file, into) =>
      onClient(place, 'curl', ['-sS', '--tftp-blksize', '1468', '-o', into, `tftp://${server}/${file}`]),
  },
  {
    name: 'npm tftp',
    program: process.execPath,
    wantsAllPackets: true, // acknowledges no window whose middle it has seen before
    fetch(place, server, file, into) {
      const script = `
        const client = require(${JSON.stringify(resolve('tftp'))}).createClient({ host: '${server}', retries: 10, timeout: 1000 });
        client.get('${file}', '${into}', (error) => { if (error) { console.error(error.message); process.exit(1); } });`;
      return onClient(place, process.execPath, ['-e', script]);
    },
  },
  {
    name: 'curl http',
    program: '/usr/bin/curl',
    fetch: (place, server, file, into) =>
      onClient(place, 'curl', ['-sSf', '-o', into, `http://${server}:8080/boot/${file}`]),
  },
];

/** Whether two files hold the same bytes; false when either is missing. */
export const sameFile = (one: string, other: string): boolean =>
  existsSync(one) && existsSync(other) && readFileSync(one).equals(readFileSync(other));
