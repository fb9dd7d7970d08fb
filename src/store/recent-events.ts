import type { TraceEvent } from './trace-event.ts';

/** How many machines of each kind are in memory, and how many events of each: 20 MB when all is full. */
const TIERS = {
  node: { machines: 20_000, events: 200 },
  /** A stranger that asked TFTP or HTTP for something: it may be matched to a node yet. */
  walker: { machines: 4_000, events: 60 },
  /** A stranger that only spoke DHCP: forged MACs look like that. */
  caller: { machines: 2_000, events: 20 },
} as const;

type Tier = keyof typeof TIERS;

/** The last events of each machine. A crowd of strangers pushes out strangers, and never what a node did. */
export class RecentEvents {
  readonly #tiers: Readonly<Record<Tier, Map<string, TraceEvent[]>>> = {
    node: new Map(),
    walker: new Map(),
    caller: new Map(),
  };

  add(event: TraceEvent): void {
    if (event.mac === '') return;
    const was = this.#tierOf(event.mac);
    const now = promoted(was, event);
    const events = (was && this.#tiers[was].get(event.mac)) ?? [];
    events.push(event);
    if (events.length > TIERS[now].events) events.shift();
    if (was === now) return;
    if (was) this.#tiers[was].delete(event.mac);
    const tier = this.#tiers[now];
    if (tier.size >= TIERS[now].machines) {
      const oldest = tier.keys().next();
      if (!oldest.done) tier.delete(oldest.value);
    }
    tier.set(event.mac, events);
  }

  of(mac: string): readonly TraceEvent[] {
    const tier = this.#tierOf(mac);
    return (tier && this.#tiers[tier].get(mac)) ?? [];
  }

  /** The last event of every machine in memory. */
  last(): TraceEvent[] {
    return Object.values(this.#tiers).flatMap((tier) => [...tier.values()].flatMap((list) => list.slice(-1)));
  }

  #tierOf(mac: string): Tier | null {
    if (this.#tiers.node.has(mac)) return 'node';
    if (this.#tiers.walker.has(mac)) return 'walker';
    return this.#tiers.caller.has(mac) ? 'caller' : null;
  }
}

/** A machine only rises: what it did as a stranger counts once it is a node. */
function promoted(was: Tier | null, { node, stage }: TraceEvent): Tier {
  if (was === 'node' || node !== null) return 'node';
  return was === 'walker' || !stage.startsWith('dhcp') ? 'walker' : 'caller';
}
