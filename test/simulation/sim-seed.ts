import type { BootSegment } from '../../src/boot/boot-segment.ts';
import type { BootEvent, NetworkBootDeps } from '../../src/boot/network-boot.ts';
import { serveDhcp } from '../../src/boot/serve-dhcp.ts';
import type { BootNode } from '../../src/core/boot-node.ts';
import type { BootNetwork } from '../../src/core/dhcp-network.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { UnknownGuard } from '../../src/core/unknown-guard.ts';
import { UNLIMITED } from '../../src/core/unknown-limits.ts';
import { silentLog } from '../../src/log.ts';
import { aSegment } from '../boot/a-segment.ts';
import { anIntent } from '../core/boot-samples.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimDisk } from './sim-disk.ts';
import { SimTftp } from './sim-tftp.ts';
import type { SimWire } from './sim-wire.ts';

export interface SeedParts {
  readonly clock: SimClock;
  readonly wire: SimWire;
  readonly disk: SimDisk;
  readonly network: BootNetwork;
  readonly nodes: readonly BootNode[];
  /** The boot programs, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** One life of the seed: its real DHCP and TFTP servers, on a simulated wire and disk. */
export class SimSeed {
  readonly tftp: SimTftp;
  readonly events: BootEvent[] = [];
  #alive = true;
  #close: () => Promise<void> = async () => {};

  private constructor(parts: SeedParts) {
    this.tftp = new SimTftp(parts);
  }

  static async start(parts: SeedParts): Promise<SimSeed> {
    const seed = new SimSeed(parts);
    const { network, clock, wire } = parts;
    const leases = parts.disk.open(() => seed.#alive);
    const { segment: sample } = aSegment({
      artefacts: {
        programs: Object.fromEntries([...parts.files.keys()].map((name) => [name, name])),
        agent: { kernel: '/k', initramfs: '/i' },
        images: {},
        tools: {},
        raspberryPiDir: null,
        ironic: null,
      },
      nodes: parts.nodes,
      intent: anIntent('discover', 10 * 3600_000),
    });
    const deps: NetworkBootDeps = {
      ...sample.deps,
      networks: [network],
      leases,
      onEvent: (event) => seed.events.push(event),
      log: silentLog,
      clock,
    };
    const all: BootSegment[] = [];
    const table = new LeaseTable(network, await leases.load());
    all.push({
      ...sample,
      network,
      leases: table,
      httpUrl: `http://${network.address}:8080`,
      deps,
      all,
    });
    const link = {
      interface: network.interface,
      segments: all,
      guard: new UnknownGuard(UNLIMITED, deps.directory),
      ownAddresses: new Set([network.address]),
    };
    const server = await serveDhcp(link, deps, (options) =>
      wire.openSocket(
        {
          ...options,
          onDatagram: (datagram) => seed.#alive && options.onDatagram(datagram),
        },
        network.address,
      ),
    );
    seed.#close = () => server.close();
    return seed;
  }

  /** As `kill -9` does: nothing more is sent, heard or synced. */
  async kill(): Promise<void> {
    this.#alive = false;
    this.tftp.kill();
    await this.#close();
  }
}
