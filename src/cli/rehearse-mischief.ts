import { systemClock } from '../clock.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Output } from './output.ts';
import type { RehearsalSeed } from './rehearse-seed.ts';

/** One thing to kill, at the moment when any node is first seen in a state. */
interface Deed {
  readonly what: 'seed' | 'undercloud';
  readonly state: string;
}

/** Reads `seed@discovered`, `undercloud@deploying`. */
export function parseMischief(words: readonly string[]): Deed[] {
  return words.map((word) => {
    const [, what, state] = /^(seed|undercloud)@(.+)$/.exec(word) ?? [];
    if (state !== undefined) return { what: what as Deed['what'], state };
    throw new BlackstartError('E_USAGE', `"${word}" is not to be killed`, {
      remedy: 'Write seed@STATE or undercloud@STATE, as in seed@discovered or "undercloud@wait call-back".',
      exitCode: EXIT.usage,
    });
  });
}

const POLL_MS = 250;

/** Kills the seed or its undercloud with SIGKILL while a bring-up runs, and starts the seed again each time. */
export class Mischief {
  readonly #left: Deed[];
  readonly #seed: RehearsalSeed;
  readonly #output: Output;

  constructor(deeds: readonly Deed[], seed: RehearsalSeed, output: Output) {
    this.#left = [...deeds];
    this.#seed = seed;
    this.#output = output;
  }

  /** Returns how to stop it. */
  start(signal: AbortSignal): () => Promise<void> {
    const stop = new AbortController();
    const working = this.#work(AbortSignal.any([signal, stop.signal]));
    return async () => {
      stop.abort(new Error('the bring-up has ended'));
      await working;
    };
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (this.#left.length > 0 && !signal.aborted) {
      await systemClock.sleep(POLL_MS, signal).catch(() => {});
      const states = await this.#states();
      const due = this.#left.findIndex((deed) => states.includes(deed.state));
      const [deed] = due < 0 ? [] : this.#left.splice(due, 1);
      if (deed !== undefined) await this.#commit(deed, signal);
    }
  }

  async #states(): Promise<string[]> {
    return this.#seed.commands.nodes().then(
      ({ nodes }) => nodes.flatMap((node) => [node.state, node.provisionState ?? '']),
      () => [],
    );
  }

  async #commit(deed: Deed, signal: AbortSignal): Promise<void> {
    this.#output.err(`\n*** kill -9 of the ${deed.what}: a node is "${deed.state}"`);
    if (deed.what === 'undercloud') return this.#killUndercloud();
    await this.#seed.kill();
    await this.#seed.start(signal);
  }

  async #killUndercloud(): Promise<void> {
    const { pid } = await this.#seed.commands.undercloud('status');
    if (pid !== null) process.kill(pid, 'SIGKILL');
  }

  /** A rehearsal that was to prove something and did not get to it has proved nothing. */
  assertDone(): void {
    if (this.#left.length === 0) return;
    throw new BlackstartError(
      'E_REHEARSAL',
      `never killed: ${this.#left.map((deed) => `${deed.what}@${deed.state}`).join(', ')}`,
      {
        remedy: 'No node was seen in that state. The states are those that "blackstart nodes list" shows.',
      },
    );
  }
}
