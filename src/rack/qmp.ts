import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface QmpMessage extends Partial<QmpEvent> {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** QEMU's control line: one JSON object a line, commands matched to answers by id, events in between. */
export class Qmp {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(stream: Duplex, onEvent: (event: QmpEvent) => void) {
    this.#stream = stream;
    const lines = createInterface({ input: stream });
    for (const source of [stream, lines]) source.on('error', () => {}); // QEMU ended; 'close' follows
    stream.on('close', () => this.#giveUp());
    lines.on('line', (line) => this.#read(line, onEvent));
  }

  /** Leaves negotiation mode; resolves once QEMU takes commands. */
  async open(): Promise<void> {
    await this.execute('qmp_capabilities');
  }

  /** Rejects when QEMU refuses or ends. */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#stream.destroyed) return Promise.reject(new Error(`QEMU ended before "${command}"`));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  #read(line: string, onEvent: (event: QmpEvent) => void): void {
    const message: QmpMessage = JSON.parse(line);
    if (message.event !== undefined) onEvent(message as QmpEvent);
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (!waiting || message.id === undefined) return;
    this.#waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(`${message.error.class}: ${message.error.desc}`));
    else waiting.resolve(message.return);
  }

  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('QEMU ended'));
    this.#waiting.clear();
  }
}
