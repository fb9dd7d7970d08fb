import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startIn } from '../process.ts';
import { type DhcpSubject, LEASE_SECONDS, POOL, PREFIX_LENGTH } from './dhcp-subject.ts';

export const KEA_PACKAGE = { package: 'kea-dhcp4-server', program: '/usr/sbin/kea-dhcp4' } as const;
export const DNSMASQ_PACKAGE = { package: 'dnsmasq-base', program: '/usr/sbin/dnsmasq' } as const;

/** Kea with its fastest store, a file that is written and never synced, and without its own clean-up runs. */
function kea(name: string, threads: number): DhcpSubject {
  return {
    name,
    async start(wire, folder) {
      const config = {
        Dhcp4: {
          'interfaces-config': { interfaces: [wire.server.interface], 'dhcp-socket-type': 'raw' },
          'lease-database': {
            type: 'memfile',
            persist: true,
            name: join(folder, 'leases.csv'),
            'lfc-interval': 0,
          },
          'multi-threading': {
            'enable-multi-threading': threads > 0,
            ...(threads > 0 ? { 'thread-pool-size': threads } : {}),
          },
          'valid-lifetime': LEASE_SECONDS,
          subnet4: [
            {
              subnet: `10.0.0.0/${PREFIX_LENGTH}`,
              interface: wire.server.interface,
              pools: [{ pool: `${POOL.first} - ${POOL.last}` }],
              'next-server': wire.server.address,
              'boot-file-name': 'snponly.efi',
            },
          ],
          loggers: [{ name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: 'stderr' }] }],
        },
      };
      const file = join(folder, 'kea.json');
      await writeFile(file, JSON.stringify(config));
      return startIn(wire.server.namespace, [KEA_PACKAGE.program, '-c', file], {
        logFile: join(folder, 'kea.log'),
        env: { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder, KEA_DHCP_DATA_DIR: folder },
      });
    },
  };
}

export const KEA = kea('Kea memfile (not synced)', 0);
export const KEA_THREADS = kea('Kea memfile, 2 threads (not synced)', 2);

/** Without its ping before an offer, which no server here does while it answers. */
export const DNSMASQ: DhcpSubject = {
  name: 'dnsmasq (not synced)',
  start(wire, folder) {
    const options = [
      '--conf-file=/dev/null',
      '--keep-in-foreground',
      '--log-facility=-',
      '--user=root',
      '--port=0',
      `--interface=${wire.server.interface}`,
      '--bind-interfaces',
      '--no-ping',
      '--dhcp-authoritative',
      '--dhcp-lease-max=10000000',
      `--dhcp-range=${POOL.first},${POOL.last},255.0.0.0,${LEASE_SECONDS}`,
      '--dhcp-boot=snponly.efi',
      `--dhcp-leasefile=${join(folder, 'leases')}`,
      `--pid-file=${join(folder, 'pid')}`,
    ];
    return startIn(wire.server.namespace, [DNSMASQ_PACKAGE.program, ...options], {
      logFile: join(folder, 'dnsmasq.log'),
    });
  },
};

/** The npm package, as a server. */
export const NPM_DHCP: DhcpSubject = {
  name: 'npm dhcp (in memory)',
  start: (wire, folder) =>
    startIn(
      wire.server.namespace,
      [
        process.execPath,
        join(import.meta.dirname, 'npm-dhcp-main.ts'),
        POOL.first,
        POOL.last,
        wire.server.address,
      ],
      { logFile: join(folder, 'npm-dhcp.log') },
    ),
};
