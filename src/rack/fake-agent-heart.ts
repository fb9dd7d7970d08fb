import type { AgentIronicClient } from './fake-agent-ironic.ts';
import type { AgentSession } from './fake-agent-session.ts';
import type { FakeHost } from './fake-host.ts';

/** No two heartbeats closer than this, not even forced ones. */
const MIN_HEARTBEAT_MS = 5_000;
/**
 * A real agent rests for 90 to 180 s. Ironic ignores a heartbeat that comes while it holds the node's lock, which quick
 * machines meet often, and nobody wants to wait for the next one then.
 */
const LONGEST_REST_MS = 3_000;

/** When the next heartbeat is due; forcing wakes the sleeper. */
export class Heart {
  #forced = false;
  #wake = () => {};

  force(): void {
    this.#forced = true;
    this.#wake();
  }

  /** Resolves after `dueMs`, or after `minMs` when forced. */
  async rest(host: FakeHost, minMs: number, dueMs: number): Promise<void> {
    const startMs = host.clock.nowMs();
    if (!this.#forced) {
      const timer = host.clock.sleep(dueMs, host.signal);
      await Promise.race([timer, new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
    if (this.#forced)
      await host.clock.sleep(Math.max(0, minMs - (host.clock.nowMs() - startMs)), host.signal);
    this.#forced = false;
  }
}

interface Beat {
  readonly uuid: string;
  readonly token: string;
  readonly callbackUrl: string;
  readonly certificate: string;
  readonly timeoutMs: number;
}

/** The first at once, then every 0.3 to 0.6 of Ironic's time-out; after a refusal again in 5 to 10 s. */
export async function sendHeartbeats(
  host: FakeHost,
  heart: Heart,
  session: AgentSession,
  ironic: AgentIronicClient,
  beat: Beat,
): Promise<void> {
  let before: string | null = 'none yet';
  while (session.servesApi) {
    const refusal = await ironic.heartbeat(beat);
    if (refusal !== before) host.record(refusal ? 'heartbeat-refused' : 'heartbeat', refusal ?? beat.uuid);
    before = refusal;
    const dueMs = refusal
      ? MIN_HEARTBEAT_MS * (1 + Math.random())
      : beat.timeoutMs * (0.3 + 0.3 * Math.random());
    await heart.rest(
      host,
      MIN_HEARTBEAT_MS * host.timeScale,
      Math.min(LONGEST_REST_MS, dueMs * host.timeScale),
    );
  }
}
