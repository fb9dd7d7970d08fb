import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { TraceEvent } from './trace-event.ts';
import { packEvent } from './trace-file.ts';
import type { TraceAnswer, TraceBatch } from './trace-worker.ts';

const FLUSH_MS = 250;
/** More than that at once would hold up the packet loop while it is copied to the worker. */
const BATCH_ROWS = 500;
/** What waits while the disk does not keep up; newer events are lost then, and counted. */
const MAX_WAITING = 20_000;

/** Batches of events on their way to the disk, by a worker thread that starts with the first one. */
export class TraceWriter {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: TraceEvent[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  #worker: Worker | null = null;
  #answered: PromiseWithResolvers<TraceAnswer> | null = null;
  #writing: Promise<void> | null = null;

  constructor(file: string, clock: Clock, log: Log) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
  }

  add(event: TraceEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(event);
    if (this.#waiting.length >= BATCH_ROWS) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS);
  }

  /** Resolves when everything added before is in the store. */
  async flush(): Promise<void> {
    this.#start();
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    if (this.#worker === null) return;
    await this.#send([], true);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #start(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length > 0) this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_ROWS);
      const { failure } = await this.#send(batch, false);
      if (failure !== null)
        this.#log.error({ reason: failure, lost: batch.length }, 'boot trace not written');
    }
    if (this.#lost > 0) this.#log.error({ lost: this.#lost }, 'boot trace behind its disk');
    this.#lost = 0;
    this.#writing = null;
  }

  #send(events: readonly TraceEvent[], close: boolean): Promise<TraceAnswer> {
    this.#worker ??= this.#open();
    this.#answered = Promise.withResolvers();
    const batch: TraceBatch = { rows: events.map(packEvent), nowMs: this.#clock.nowMs(), close };
    this.#worker.postMessage(batch);
    return this.#answered.promise;
  }

  #open(): Worker {
    const worker = new Worker(new URL('./trace-worker.ts', import.meta.url), {
      workerData: { file: this.#file },
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const fail = (failure: string) => {
      if (this.#worker !== worker) return;
      this.#worker = null; // the next batch starts another
      this.#answered?.resolve({ failure });
    };
    worker.on('message', (answer: TraceAnswer) => this.#answered?.resolve(answer));
    worker.on('error', (error) => fail(reasonOf(error)));
    worker.on('exit', () => fail('the trace writer ended'));
    return worker;
  }
}
