/** The end of the line of work for each key that has any. */
const lines = new Map<string, Promise<unknown>>();

/**
 * Runs work for one key after all earlier work for that key, whoever asked for it and however it ended. A wait
 * that is aborted gives up its turn and rejects with the signal's reason.
 */
export async function inTurn<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const before = lines.get(key) ?? Promise.resolve();
  const mine = before.then(() => {
    signal?.throwIfAborted();
    return work();
  });
  const settled = mine.catch(() => undefined);
  lines.set(key, settled);
  void settled.then(() => {
    if (lines.get(key) === settled) lines.delete(key);
  });
  return signal ? orAborted(mine, signal) : mine;
}

/** The promise, or a rejection as soon as the signal is aborted. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', giveUp));
}
