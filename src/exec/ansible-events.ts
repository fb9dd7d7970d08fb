/** How many of a host's tasks ended how, as Ansible counts them at the end of a run. */
export interface HostCounts {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
}

/** What the callback `playbooks/plugins/callback/blackstart_events.py` tells. */
export type PlaybookEvent =
  | { readonly event: 'play'; readonly name: string }
  | { readonly event: 'task'; readonly name: string }
  | {
      readonly event: 'host';
      readonly host: string;
      readonly task: string;
      readonly status: 'ok' | 'changed' | 'skipped' | 'failed' | 'ignored' | 'unreachable';
      readonly message: string;
    }
  | { readonly event: 'stats'; readonly hosts: Readonly<Record<string, HostCounts>> };

export interface TaskFailure {
  readonly host: string;
  readonly task: string;
  readonly message: string;
}

export interface PlaybookOutcome {
  /** Whether at least one host was reached, and no task failed on any. */
  readonly ok: boolean;
  readonly perHost: Readonly<Record<string, HostCounts>>;
  readonly firstFailure: TaskFailure | null;
}

/** One line of the callback. Ours on both ends, so a line that is no event is a bug; null for a blank line. */
export function parsePlaybookEvent(line: string): PlaybookEvent | null {
  if (line.trim() === '') return null;
  const event = JSON.parse(line);
  if (event.event !== 'stats') return event;
  const hosts = Object.entries<Record<string, number>>(event.hosts).map(([host, counts]) => [
    host,
    {
      ok: counts['ok'] ?? 0,
      changed: counts['changed'] ?? 0,
      unreachable: counts['unreachable'] ?? 0,
      failed: counts['failures'] ?? 0,
    },
  ]);
  return { event: 'stats', hosts: Object.fromEntries(hosts) };
}

/** Adds a run up. A failure that a `rescue` mended is none: the host's counts decide, not the single result. */
export function judgePlaybook(events: readonly PlaybookEvent[]): PlaybookOutcome {
  const stats = events.find((event) => event.event === 'stats');
  const perHost = stats?.hosts ?? {};
  const bad = new Set(
    Object.entries(perHost)
      .filter(([, counts]) => counts.failed > 0 || counts.unreachable > 0)
      .map(([host]) => host),
  );
  const first = events
    .filter((event) => event.event === 'host')
    .find(
      ({ status, host }) => (status === 'failed' || status === 'unreachable') && (!stats || bad.has(host)),
    );
  return {
    ok: bad.size === 0 && Object.keys(perHost).length > 0,
    perHost,
    firstFailure: first ? { host: first.host, task: first.task, message: first.message } : null,
  };
}
