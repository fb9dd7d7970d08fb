/** What the quota looks at in an event. */
export interface CountedEvent {
  readonly mac: string | null;
  readonly node: string | null;
  readonly address: string | null;
  readonly stage: string;
  readonly decision: string;
  readonly network: string;
}

/** Events of one kind that were not kept one by one. */
export interface LeftOut extends CountedEvent {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** A token bucket: `burst` at once, `perSecond` for ever. */
interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

export interface QuotaRules {
  /** For each node of the site. A netboot is 10 to 60 events. */
  readonly node: Bucket;
  /** For each machine that is no node, and each address without a machine. */
  readonly stranger: Bucket;
  /** For all strangers together that have done no more than speak DHCP: forged MACs are among them. */
  readonly strangers: Bucket;
}

export const QUOTA_RULES: QuotaRules = {
  node: { burst: 400, perSecond: 4 },
  stranger: { burst: 120, perSecond: 1 },
  strangers: { burst: 20_000, perSecond: 50 },
};

/** Machines whose budget is remembered: one that is forgotten begins with a full one. */
const MAX_STRANGERS = 8_192;
const MAX_KINDS = 256;

interface Level {
  tokens: number;
  atMs: number;
}

/**
 * Which events are kept one by one, and which are only counted. A node's events are never crowded out by strangers;
 * memory is bounded whatever arrives. Costs about a microsecond.
 */
export class EventQuota {
  readonly #rules: QuotaRules;
  readonly #nodes = new Map<string, Level>();
  readonly #strangers = new Map<string, Level>();
  readonly #all: Level;
  #leftOut = new Map<string, LeftOut & { count: number; lastAtMs: number }>();

  constructor(rules: QuotaRules, nowMs: number) {
    this.#rules = rules;
    this.#all = { tokens: rules.strangers.burst, atMs: nowMs };
  }

  /** Whether this event is kept; counts it as left out when it is not. */
  admit(event: CountedEvent, nowMs: number): boolean {
    const { node, stranger, strangers } = this.#rules;
    if (event.node !== null) {
      if (take(levelOf(this.#nodes, event.node, node, nowMs), node, nowMs)) return true;
      return this.#count(event, event.mac, nowMs);
    }
    const onlyDhcp = event.stage.startsWith('dhcp') || event.mac === null;
    if (onlyDhcp && !take(this.#all, strangers, nowMs)) return this.#count(event, null, nowMs);
    const level = levelOf(this.#strangers, event.mac ?? event.address ?? event.network, stranger, nowMs);
    if (this.#strangers.size > MAX_STRANGERS) {
      const oldest = this.#strangers.keys().next();
      if (!oldest.done) this.#strangers.delete(oldest.value);
    }
    return take(level, stranger, nowMs) || this.#count(event, event.mac, nowMs);
  }

  /** What was left out since the last call, as one entry for each machine and kind. */
  takeLeftOut(): LeftOut[] {
    if (this.#leftOut.size === 0) return [];
    const entries = [...this.#leftOut.values()];
    this.#leftOut = new Map();
    return entries;
  }

  #count(
    { node, address, stage, decision, network }: CountedEvent,
    mac: string | null,
    nowMs: number,
  ): false {
    const own = `${mac ?? ''} ${stage} ${decision} ${network}`;
    const crowded = mac !== null && this.#leftOut.size >= MAX_KINDS && !this.#leftOut.has(own);
    const key = crowded ? ` ${stage} ${decision} ${network}` : own;
    const entry = this.#leftOut.get(key);
    if (entry) {
      entry.count++;
      entry.lastAtMs = nowMs;
    } else {
      const who = crowded || mac === null ? { mac: null, node: null, address: null } : { mac, node, address };
      this.#leftOut.set(key, {
        ...who,
        stage,
        decision,
        network,
        count: 1,
        firstAtMs: nowMs,
        lastAtMs: nowMs,
      });
    }
    return false;
  }
}

function levelOf(levels: Map<string, Level>, key: string, { burst }: Bucket, nowMs: number): Level {
  const known = levels.get(key);
  if (known) return known;
  const fresh = { tokens: burst, atMs: nowMs };
  levels.set(key, fresh);
  return fresh;
}

function take(level: Level, { burst, perSecond }: Bucket, nowMs: number): boolean {
  const filled = Math.min(burst, level.tokens + (Math.max(0, nowMs - level.atMs) * perSecond) / 1000);
  level.atMs = nowMs;
  level.tokens = filled >= 1 ? filled - 1 : filled;
  return filled >= 1;
}
