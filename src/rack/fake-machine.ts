import { reasonOf } from '../errors.ts';
import { type BootOverride, consumeBoot, NO_OVERRIDE, patchBoot } from './boot-override.ts';
import { ConsoleLine, lastBootOf } from './console-line.ts';
import { readBehaviour } from './fake-behaviour.ts';
import { type FakeMachineProcess, startFakeMachine } from './fake-machine-process.ts';
import type { FromFakeMachine } from './fake-machine-protocol.ts';
import type {
  Machine,
  MachineContext,
  MachineEvent,
  MachineFactory,
  MachineSpec,
  PowerState,
  ResetType,
} from './machine.ts';
import { forgetProcess, recordProcess } from './process-record.ts';
import { decideReset } from './reset.ts';

/** Ten times as fast as firmware, ramdisk and agent wait in reality. */
const TIME_SCALE = 0.1;

/**
 * Makes simulated machines. On the wire they are real: DHCP, TFTP, iPXE's HTTP, the agent's calls to Ironic and its
 * command API, ssh. What they do not prove: that real firmware boots what is served, that the ramdisk's kernel and
 * drivers work, that an image boots, or anything about timing.
 */
export const fakeMachines =
  (timeScale = TIME_SCALE): MachineFactory =>
  async (spec, context) => {
    readBehaviour(spec.behaviours ?? []); // a wrong word shall end the rack here, not each boot
    return new FakeMachine(spec, context, timeScale, await lastBootOf(context.dir));
  };

export const createFakeMachine: MachineFactory = fakeMachines();

/** A server that is a process while its power is on, and a few files when it is not. */
class FakeMachine implements Machine {
  readonly spec: MachineSpec;
  readonly history: MachineEvent[] = [];
  readonly console: ConsoleLine;
  readonly #context: MachineContext;
  readonly #timeScale: number;
  #boot: BootOverride = NO_OVERRIDE;
  #process: FakeMachineProcess | null = null;
  #boots: number;
  #closed = false;
  #queue: Promise<void> = Promise.resolve();

  constructor(spec: MachineSpec, context: MachineContext, timeScale: number, boots: number) {
    this.spec = spec;
    this.#context = context;
    this.#timeScale = timeScale;
    this.#boots = boots;
    this.console = new ConsoleLine(context.dir);
  }

  get boot(): BootOverride {
    return this.#boot;
  }

  powerState(): PowerState {
    return this.#process ? 'On' : 'Off';
  }

  setBoot(patch: Partial<BootOverride>): void {
    this.#boot = patchBoot(this.#boot, patch);
  }

  reset(type: ResetType): Promise<void> {
    return this.#inTurn(() => this.#apply(type));
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#inTurn(() => this.#stop('the rack ends'));
  }

  /** One change of power at a time; a failed one does not hold up the next. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(change);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #apply(type: ResetType): Promise<void> {
    const why = `${type} by BMC`;
    switch (decideReset(type, this.powerState())) {
      case 'start':
        return this.#start('power-on', why);
      case 'stop':
        return this.#stop(why);
      case 'restart':
        await this.#stop(why);
        return this.#start('power-on', why);
      case 'ask-stop':
      case 'ask-restart':
        this.#process?.press(type === 'GracefulRestart' ? 'reboot' : 'poweroff');
        return this.#record('asked', why);
      case 'interrupt':
        return this.#record('interrupted', why);
      case 'nothing':
      case 'refuse':
        return;
    }
  }

  async #start(kind: 'power-on' | 'reboot', why: string): Promise<void> {
    if (this.#closed) return;
    const { target, next } = consumeBoot(this.#boot);
    this.#boot = next;
    this.#boots += 1;
    this.console.begin(this.#boots, () => {}); // nobody reads what is typed
    this.#record(kind, `${why}, boot device ${target === 'None' ? 'as the firmware orders' : target}`);
    const order = { spec: this.spec, target, dir: this.#context.dir, timeScale: this.#timeScale };
    const started = await startFakeMachine(order, this.#context.tap, (message) =>
      this.#hear(started, message),
    );
    this.#process = started;
    if (started.pid !== undefined)
      await recordProcess(this.#context.rack.dir, started.pid, `simulated ${this.spec.name}`);
    void started.ended.then(({ stderr }) => this.#inTurn(() => this.#afterEnd(started, stderr)));
  }

  #hear(from: FakeMachineProcess, message: FromFakeMachine): void {
    switch (message.kind) {
      case 'ready':
        break;
      case 'event':
        this.#record(message.event, message.why);
        break;
      case 'console':
        this.console.push(Buffer.from(`${message.line}\r\n`));
        break;
      case 'ends':
        void this.#inTurn(() => this.#endItself(from, message)).catch((error) =>
          this.#record('died', reasonOf(error)),
        );
    }
  }

  /** The machine's own doing: a command of the agent, the installed system at the power button. */
  async #endItself(from: FakeMachineProcess, { how, why }: Extract<FromFakeMachine, { kind: 'ends' }>) {
    if (this.#process !== from) return; // the plug was pulled meanwhile
    await this.#stop(why);
    if (how === 'reboot') await this.#start('reboot', why);
  }

  async #stop(why: string): Promise<void> {
    const stopped = this.#process;
    if (!stopped) return;
    this.#process = null; // so that #afterEnd leaves it to us
    await stopped.kill();
    this.console.end();
    this.#record('power-off', why);
  }

  async #afterEnd(ended: FakeMachineProcess, stderr: string): Promise<void> {
    if (ended.pid !== undefined) await forgetProcess(this.#context.rack.dir, ended.pid);
    if (this.#process !== ended) return;
    this.#process = null;
    this.console.end();
    this.#record('died', `the simulation ended: ${stderr || '(without a word)'}`);
  }

  #record(kind: string, why: string): void {
    this.history.push({ atMs: this.#context.clock.nowMs(), kind, why });
    this.console.push(Buffer.from(`[${kind}] ${why}\r\n`));
    this.#context.log.info({ machine: this.spec.name, kind, why }, 'machine event');
  }
}
