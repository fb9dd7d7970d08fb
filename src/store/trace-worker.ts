// Runs in a worker thread: writes the boot trace, so that the packet loop never waits for it.
import { parentPort, workerData } from 'node:worker_threads';
import { openTraceFile, type PackedEvent } from './trace-file.ts';

/** The next batch; `close` ends the worker after it. */
export interface TraceBatch {
  readonly rows: readonly PackedEvent[];
  readonly nowMs: number;
  readonly close: boolean;
}

export interface TraceAnswer {
  /** Why the batch is lost; null when it is written. */
  readonly failure: string | null;
}

const PRUNE_EVERY_MS = 3600_000;
const PRUNE_EVERY_ROWS = 10_000;

const file = openTraceFile((workerData as { file: string }).file);
let prunedAtMs = 0;
let rowsSince = 0;

function write({ rows, nowMs, close }: TraceBatch): TraceAnswer {
  try {
    if (rows.length > 0) file.write(rows);
    rowsSince += rows.length;
    if (!close && (rowsSince >= PRUNE_EVERY_ROWS || nowMs >= prunedAtMs + PRUNE_EVERY_MS)) {
      file.prune(nowMs);
      rowsSince = 0;
      prunedAtMs = nowMs;
    }
    if (close) file.close();
    return { failure: null };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (batch: TraceBatch) => parentPort?.postMessage(write(batch)));
