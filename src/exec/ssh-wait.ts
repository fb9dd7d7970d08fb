import type { Clock } from '../clock.ts';
import { BlackstartError } from '../errors.ts';
import { openSsh, type SshSession, type SshTarget } from './ssh.ts';

interface WaitOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  /**
   * How long a refused key is put down to a machine that is still booting: sshd answers before cloud-init has written
   * the key, and pam_nologin(8) refuses users until systemd-user-sessions has run.
   */
  readonly authGraceMs?: number;
  readonly pollMs?: number;
  /** Told why each try failed, for a task list or a log. */
  readonly onTry?: (reason: string) => void;
}

/**
 * Waits for a machine to boot and take a login. Throws E_SSH_TIMEOUT when nothing answers in time, E_SSH_AUTH when
 * the key is still refused after the grace, and at once anything that waiting does not mend; an abort rejects with
 * `signal.reason`.
 */
export async function untilSsh(
  target: SshTarget,
  options: WaitOptions,
  signal?: AbortSignal,
): Promise<SshSession> {
  const { clock, limitMs, authGraceMs = 90_000, pollMs = 1_000 } = options;
  const startMs = clock.nowMs();
  let refusedSinceMs: number | null = null;
  for (;;) {
    const failure = await tryOpen(target, signal);
    if (!(failure instanceof BlackstartError)) return failure;
    options.onTry?.(failure.message);
    const nowMs = clock.nowMs();
    const refused = failure.code === 'E_SSH_AUTH';
    refusedSinceMs = refused ? (refusedSinceMs ?? nowMs) : null;
    if (refusedSinceMs !== null && nowMs - refusedSinceMs >= authGraceMs) throw failure;
    if (nowMs - startMs >= limitMs) throw refused ? failure : waitedTooLong(target, limitMs, failure);
    await clock.sleep(pollMs, signal);
  }
}

const WORTH_ANOTHER_TRY = new Set(['E_SSH_UNREACHABLE', 'E_SSH_AUTH']);

async function tryOpen(target: SshTarget, signal?: AbortSignal): Promise<SshSession | BlackstartError> {
  try {
    return await openSsh(target, signal);
  } catch (error) {
    if (error instanceof BlackstartError && WORTH_ANOTHER_TRY.has(error.code)) return error;
    throw error;
  }
}

const waitedTooLong = (target: SshTarget, limitMs: number, last: BlackstartError) =>
  new BlackstartError(
    'E_SSH_TIMEOUT',
    `${target.host} took no login within ${Math.round(limitMs / 1000)} s; at last: ${last.message}`,
    { remedy: last.remedy, cause: last },
  );
