// Serves network boot within whatever namespace it is started in; one JSON line an event. Run by netboot.test.ts.
import { readFileSync } from 'node:fs';
import type { BootArtefacts, NetworkBootPolicy } from '../../src/boot/network-boot.ts';
import { serveNetworkBoot } from '../../src/boot/serve-network-boot.ts';
import { systemClock } from '../../src/clock.ts';
import type { BootIntent, BootNode } from '../../src/core/boot-node.ts';
import type { BootNetwork } from '../../src/core/dhcp-network.ts';
import { UNLIMITED } from '../../src/core/unknown-limits.ts';
import { silentLog } from '../../src/log.ts';
import { openLeaseStore } from '../../src/store/lease-store.ts';

export interface ServerConfig {
  readonly network: BootNetwork;
  /** Several, instead of the one. */
  readonly networks?: readonly BootNetwork[];
  readonly httpPort: number;
  readonly leaseFile: string;
  readonly programs: Record<string, string>;
  readonly images: Record<string, string>;
  readonly httpRoot: string;
  readonly nodes: BootNode[];
  readonly intents: Record<string, BootIntent>;
  readonly agent?: BootArtefacts['agent'];
  readonly tools?: Record<string, string>;
  readonly raspberryPiDir?: string;
  readonly policy?: Partial<Pick<NetworkBootPolicy, 'secureBoot' | 'tools' | 'menuSeconds' | 'kernelArgs'>>;
}

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ServerConfig;
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const abort = new AbortController();
process.on('SIGTERM', () => abort.abort());

const leases = await openLeaseStore(config.leaseFile);
await serveNetworkBoot(
  {
    networks: config.networks ?? [config.network],
    httpPort: config.httpPort,
    policy: {
      discovers: () => true,
      unknownLimits: UNLIMITED,
      rejected: 'ignore',
      secureBoot: false,
      tools: {},
      menuSeconds: null,
      ironicUrl: () => null,
      collectors: ['default'],
      kernelArgs: '',
      ...config.policy,
    },
    leases,
    directory: {
      nameByMac: (mac) => config.nodes.find((node) => node.macs.includes(mac))?.name ?? null,
      byMac: (mac) => config.nodes.find((node) => node.macs.includes(mac)) ?? null,
      byUuid: (uuid) => config.nodes.find((node) => node.uuid === uuid) ?? null,
      intentOf: (mac) => config.intents[mac] ?? null,
      byPort: () => null,
      reservedBy: (address) => config.nodes.find((node) => node.address === address) ?? null,
      poolNodes: () => config.nodes.filter((node) => node.address === null).length,
    },
    artefacts: {
      programs: config.programs,
      tools: config.tools ?? {},
      raspberryPiDir: config.raspberryPiDir ?? null,
      images: config.images,
      agent: config.agent ?? null,
      ironic: { httpRoot: config.httpRoot, linkRoots: [] },
    },
    onInventory: (inventory, sender) => {
      tell({ inventory, sender });
    },
    onEvent: (event) => tell({ event }),
    log: silentLog,
    clock: systemClock,
  },
  abort.signal,
);
tell({ ready: true });
abort.signal.addEventListener('abort', () => void leases.close());
