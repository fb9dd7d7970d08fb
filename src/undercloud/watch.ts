import { reasonOf } from '../errors.ts';
import { endIronic, runningIronic } from './ironic-process.ts';
import type { UndercloudSettings } from './settings.ts';
import { answers, lastWords, startUndercloud, type UndercloudDeps } from './start.ts';

/** What the watcher saw and did, for the journal. */
export interface UndercloudEvent {
  readonly kind: 'died' | 'hung' | 'restarted' | 'restart-failed';
  /** For a death the end of Ironic's log, for a failed restart its error. */
  readonly reason: string;
  readonly atMs: number;
}

interface WatchDeps extends UndercloudDeps {
  readonly onEvent: (event: UndercloudEvent) => void | Promise<void>;
}

const LOOK_MS = 1_000;
const ASK_MS = 10_000;
/** Questions of 10 s each without an answer before it counts as hung. */
const MOST_SILENCES = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** After this long without trouble the next trouble is a new one. */
const HEALTHY_MS = 300_000;

/**
 * Keeps the undercloud running until `signal` aborts: one that dies or hangs is started again, at once the first time
 * and with growing pauses if it goes on dying. Ironic itself turns what it was working on into failures at its start,
 * which the reconciler sees and tries again. Call it once the undercloud was started.
 */
export async function watchUndercloud(
  settings: UndercloudSettings,
  deps: WatchDeps,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps;
  let pauseMs = FIRST_PAUSE_MS;
  let troubleAtMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      const trouble = await untilTrouble(settings, deps, signal);
      if (clock.nowMs() - troubleAtMs > HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      troubleAtMs = clock.nowMs();
      await tell(deps, trouble.kind, trouble.reason);
      await restart(settings, deps, trouble.kind, signal);
    } catch (error) {
      if (signal.aborted) return;
      await tell(deps, 'restart-failed', reasonOf(error));
    }
    await clock.sleep(pauseMs, signal).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

interface Trouble {
  readonly kind: 'died' | 'hung';
  readonly reason: string;
}

/** Looks at the process every second and asks the API every ten. */
async function untilTrouble(
  settings: UndercloudSettings,
  { clock }: WatchDeps,
  signal: AbortSignal,
): Promise<Trouble> {
  let askAtMs = clock.nowMs() + ASK_MS;
  let silences = 0;
  for (;;) {
    await clock.sleep(LOOK_MS, signal);
    if ((await runningIronic(settings)) === null)
      return { kind: 'died', reason: (await lastWords(settings.dir)) || 'it left no word' };
    if (clock.nowMs() < askAtMs) continue;
    silences = (await answers(settings, clock, signal)) ? 0 : silences + 1;
    if (silences >= MOST_SILENCES)
      return { kind: 'hung', reason: `its API did not answer ${silences} questions in a row` };
    askAtMs = clock.nowMs() + (silences === 0 ? ASK_MS : LOOK_MS);
  }
}

async function restart(
  settings: UndercloudSettings,
  deps: WatchDeps,
  kind: Trouble['kind'],
  signal: AbortSignal,
): Promise<void> {
  const hung = kind === 'hung' ? await runningIronic(settings) : null;
  if (hung !== null) await endIronic(settings.dir, hung, deps.clock, { onlyKill: true });
  const started = await startUndercloud(settings, deps, () => {}, signal);
  await tell(deps, 'restarted', `it runs again with pid ${started.process.pid}`);
}

async function tell({ clock, log, onEvent }: WatchDeps, kind: UndercloudEvent['kind'], reason: string) {
  const event = { kind, reason, atMs: clock.nowMs() };
  log[kind === 'restarted' ? 'info' : 'warn']({ kind, reason }, 'undercloud watched');
  await onEvent(event);
}
