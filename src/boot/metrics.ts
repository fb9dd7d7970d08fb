import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { phaseOf } from '../core/boot-stages.ts';
import type { Lease } from '../core/lease.ts';
import type { Written } from '../store/group-commit.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import type { BootEvent } from './boot-event.ts';
import { DoraTimer } from './dora-timer.ts';

/** A network's leases as the metrics count them, at each scrape. */
export interface CountedLeases {
  readonly network: string;
  /** Addresses that may be given to machines without a reservation; 0 where there is no pool. */
  poolSize(): number;
  inPool(address: string): boolean;
  all(): Iterable<Pick<Lease, 'address' | 'state' | 'expiresAtMs'>>;
}

const FAST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const TRANSFER_SECONDS = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 5, 10, 30, 60, 300, 1200];

/**
 * Counters and histograms of the boot servers, in Prometheus' terms. Labels are the site's networks and our own words
 * only, never what a packet says: what machines send cannot make a new time series. Measured: half a microsecond for
 * a counter or a histogram.
 */
export class BootMetrics {
  readonly #registry = new Registry();
  readonly #dora = new DoraTimer();
  readonly #tables = new Set<CountedLeases>();
  readonly #counters;

  constructor(nowMs: () => number, nodeStates: () => readonly string[]) {
    this.#counters = countersIn(this.#registry);
    collectDefaultMetrics({ register: this.#registry });
    for (const misnamed of MISNAMED) this.#registry.removeSingleMetric(misnamed);
    const { leases, poolSize, poolFree } = gaugesIn(this.#registry, () => {
      for (const gauge of [leases, poolSize, poolFree]) gauge.reset();
      for (const table of this.#tables) countLeases(table, nowMs(), { leases, poolSize, poolFree });
    });
    const nodes = new Gauge({
      name: 'blackstart_nodes',
      help: 'Nodes of the site by where they are on their way.',
      labelNames: ['state'],
      registers: [],
      collect: () => {
        nodes.reset();
        for (const state of nodeStates()) nodes.inc({ state });
      },
    });
    this.#registry.registerMetric(nodes);
  }

  /** Counts one event, kept in the trace or not. */
  note(event: BootEvent, kept: boolean): void {
    const { stage, network, decision, atMs, startedAtMs } = event;
    const counters = this.#counters;
    counters.events.inc({ network, stage, decision: wordOf(decision) });
    if (!kept) counters.summedUp.inc({ network });
    if (stage.startsWith('dhcp')) this.#noteDhcp(event);
    else if (stage.startsWith('tftp')) this.#noteTftp(event);
    else if (phaseOf(stage) !== 'agent' && event.bytes !== null) {
      counters.httpBytes.inc({ network, stage }, event.bytes);
      counters.httpSeconds.observe({ stage }, (atMs - startedAtMs) / 1000);
    }
  }

  #noteDhcp({ stage, network, message, mac, atMs, startedAtMs }: BootEvent): void {
    const outcome = stage.slice(stage.indexOf(' ') + 1);
    this.#counters.dhcp.inc({ network, message: typeOf(message), outcome });
    this.#counters.dhcpSeconds.observe({ outcome }, (atMs - startedAtMs) / 1000);
    if (mac === null) return;
    if (outcome === 'offer') this.#dora.offered(mac, startedAtMs);
    const doraMs = outcome === 'ack' ? this.#dora.acknowledged(mac, atMs) : null;
    if (doraMs !== null) this.#counters.doraSeconds.observe({ network }, doraMs / 1000);
  }

  #noteTftp({ network, decision, bytes, resends, atMs, startedAtMs }: BootEvent): void {
    const counters = this.#counters;
    counters.tftp.inc({ network, outcome: wordOf(decision) });
    counters.tftpBytes.inc({ network }, bytes ?? 0);
    counters.tftpResends.inc({ network }, resends ?? 0);
    if (decision === 'completed') counters.tftpSeconds.observe((atMs - startedAtMs) / 1000);
  }

  /** Counts one HTTP request by its route, which is one of ours or `none`. */
  noteRequest(route: string | undefined, method: string, status: number): void {
    this.#counters.httpRequests.inc({
      route: route ?? 'none',
      method: methodOf(method),
      status: String(status),
    });
  }

  /** Counts these leases at each scrape. */
  watch(table: CountedLeases): void {
    this.#tables.add(table);
  }

  /** The same store, with its commits counted and timed: a lease is acknowledged after that. */
  meter(store: LeaseStore): LeaseStore {
    const written = store.written?.bind(store);
    if (written) countWritten(this.#registry, written);
    const { commits } = this.#counters;
    return {
      load: () => store.load(),
      ...(written ? { written } : {}),
      ...(store.watch ? { watch: (onChange) => store.watch?.(onChange) } : {}),
      close: () => store.close(),
      async commit(batch) {
        const end = commits.startTimer();
        try {
          const standing = await store.commit(batch);
          end({ outcome: 'durable' });
          return standing;
        } catch (error) {
          end({ outcome: 'failed' });
          throw error;
        }
      },
    };
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** Gauges of prom-client 15 that are named like counters; their like by type has the same numbers. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Decisions are our own words; a text with facts in it would make a time series of each. */
const wordOf = (decision: string): string => (/^[a-z][a-z -]{0,30}$/.test(decision) ? decision : 'other');

/** Our names of DHCP's message types; a number that has none here could be any. */
const typeOf = (message: string | null): string =>
  message !== null && /^[A-Z]+$/.test(message) ? message : 'other';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
const methodOf = (method: string): string => (METHODS.has(method) ? method : 'other');

/** The store counts its writes itself; they are read at each scrape, by the first of the two. */
function countWritten(registry: Registry, written: () => Written): void {
  const registers = [registry];
  const batches = new Counter({
    name: 'blackstart_lease_batches_total',
    help: 'Writes of leases to the store.',
    registers,
    collect: () => {
      for (const counter of [batches, leases]) counter.reset();
      batches.inc(written().batches);
      leases.inc(written().leases);
    },
  });
  const leases = new Counter({
    name: 'blackstart_lease_batched_total',
    help: 'Leases in those writes: several machines share one sync of the disk.',
    registers,
  });
}

interface LeaseGauges {
  readonly leases: Gauge<'network' | 'state'>;
  readonly poolSize: Gauge<'network'>;
  readonly poolFree: Gauge<'network'>;
}

function countLeases(table: CountedLeases, nowMs: number, { leases, poolSize, poolFree }: LeaseGauges): void {
  const { network } = table;
  let taken = 0;
  for (const { address, state, expiresAtMs } of table.all()) {
    const isFree = state === 'released' || expiresAtMs <= nowMs;
    leases.inc({ network, state: isFree && state !== 'released' ? 'expired' : state });
    if (!isFree && table.inPool(address)) taken++;
  }
  poolSize.inc({ network }, table.poolSize());
  poolFree.inc({ network }, Math.max(0, table.poolSize() - taken));
}

function gaugesIn(registry: Registry, collect: () => void): LeaseGauges {
  const registers = [registry];
  return {
    leases: new Gauge({
      name: 'blackstart_dhcp_leases',
      help: 'Leases by state; expired ones are kept so that their machine gets the same address again.',
      labelNames: ['network', 'state'],
      registers,
      collect,
    }),
    poolSize: new Gauge({
      name: 'blackstart_dhcp_pool_addresses',
      help: 'Addresses of the pools.',
      labelNames: ['network'],
      registers,
    }),
    poolFree: new Gauge({
      name: 'blackstart_dhcp_pool_free_addresses',
      help: 'Addresses of the pools that nobody holds.',
      labelNames: ['network'],
      registers,
    }),
  };
}

function countersIn(registry: Registry) {
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Counter({ name: `blackstart_${name}`, help, labelNames, registers });
  const histogram = <T extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly T[] = [],
  ) => new Histogram({ name: `blackstart_${name}`, help, buckets, labelNames, registers });
  return {
    events: counter('boot_events_total', 'What the boot servers saw machines do.', [
      'network',
      'stage',
      'decision',
    ]),
    summedUp: counter('boot_events_summed_up_total', 'Events that a flood left no row of in the trace.', [
      'network',
    ]),
    dhcp: counter('dhcp_messages_total', 'DHCP messages by what was made of them.', [
      'network',
      'message',
      'outcome',
    ]),
    dhcpSeconds: histogram('dhcp_answer_seconds', 'From a DHCP message to its answer.', FAST_SECONDS, [
      'outcome',
    ]),
    doraSeconds: histogram('dhcp_dora_seconds', "From a machine's DISCOVER to its ACK.", TRANSFER_SECONDS, [
      'network',
    ]),
    commits: histogram('lease_commit_seconds', 'Until a lease is on the disk.', FAST_SECONDS, ['outcome']),
    tftp: counter('tftp_transfers_total', 'TFTP requests by how they ended.', ['network', 'outcome']),
    tftpBytes: counter('tftp_sent_bytes_total', 'Bytes of files that machines acknowledged.', ['network']),
    tftpResends: counter('tftp_resent_blocks_total', 'TFTP blocks that were sent more than once.', [
      'network',
    ]),
    tftpSeconds: histogram(
      'tftp_transfer_seconds',
      'Length of TFTP transfers that completed.',
      TRANSFER_SECONDS,
    ),
    httpRequests: counter('http_requests_total', 'HTTP requests by route.', ['route', 'method', 'status']),
    httpBytes: counter('http_sent_bytes_total', 'Bytes of files sent by HTTP.', ['network', 'stage']),
    httpSeconds: histogram('http_transfer_seconds', 'Length of HTTP transfers.', TRANSFER_SECONDS, ['stage']),
  };
}
