import { existsSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BlackstartError, reasonOf } from '../errors.ts';
import { run } from '../exec/run.ts';
import { type BootOverride, consumeBoot, NO_OVERRIDE, patchBoot } from './boot-override.ts';
import { ConsoleLine, lastBootOf } from './console-line.ts';
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
import { OVMF_VARS, qemuArgv } from './qemu-argv.ts';
import { type QemuEnd, type QemuProcess, startQemu } from './qemu-process.ts';
import { decideReset } from './reset.ts';

/** A machine with an empty disk; the disk and the UEFI variables of an earlier rack process are kept. */
export const createQemuMachine: MachineFactory = async (spec, context) => {
  const disk = join(context.dir, 'disk.qcow2');
  if (!existsSync(disk)) {
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', `${disk}.new`, `${spec.diskGib}G`]);
    await rename(`${disk}.new`, disk);
  }
  const vars = join(context.dir, 'uefi-vars.fd');
  if (spec.firmware === 'uefi' && !existsSync(vars)) {
    await copyFile(OVMF_VARS, `${vars}.new`);
    await rename(`${vars}.new`, vars);
  }
  return new QemuMachine(spec, context, { disk, vars, tap: context.tap }, await lastBootOf(context.dir));
};

/**
 * A server made of QEMU. Power is on while QEMU runs and through the moment between a guest's reset, which
 * ends it, and the next boot, which starts it again.
 */
class QemuMachine implements Machine {
  readonly spec: MachineSpec;
  readonly history: MachineEvent[] = [];
  readonly console: ConsoleLine;
  readonly #context: MachineContext;
  readonly #files: { disk: string; vars: string; tap: string };
  #boot: BootOverride = NO_OVERRIDE;
  #power: PowerState = 'Off';
  #qemu: QemuProcess | null = null;
  #boots: number;
  #restartWhenOff = false;
  #closed = false;
  #queue: Promise<void> = Promise.resolve();

  constructor(
    spec: MachineSpec,
    context: MachineContext,
    files: { disk: string; vars: string; tap: string },
    boots: number,
  ) {
    this.spec = spec;
    this.#context = context;
    this.#files = files;
    this.#boots = boots;
    this.console = new ConsoleLine(context.dir);
  }

  get boot(): BootOverride {
    return this.#boot;
  }

  powerState(): PowerState {
    return this.#power;
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
    const why = `reset ${type}`;
    switch (decideReset(type, this.#power)) {
      case 'start':
        return this.#start('power-on', why);
      case 'stop':
        return this.#stop(why);
      case 'restart':
        await this.#stop(why);
        return this.#start('power-on', why);
      case 'ask-stop':
      case 'ask-restart':
        this.#restartWhenOff = type === 'GracefulRestart';
        await this.#qemu?.qmp.execute('system_powerdown');
        return this.#record('asked', why);
      case 'interrupt':
        await this.#qemu?.qmp.execute('inject-nmi');
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
    this.#restartWhenOff = false;
    const qemu = startQemu(qemuArgv(this.spec, target, this.#files));
    this.#qemu = qemu;
    this.#power = 'On';
    this.#record(kind, `${why}, boot device ${target === 'None' ? 'as the firmware orders' : target}`);
    this.console.begin(this.#boots, (bytes) => qemu.serial.write(bytes));
    qemu.serial.on('data', (bytes: Buffer) => this.console.push(bytes));
    if (qemu.pid !== undefined)
      await recordProcess(this.#context.rack.dir, qemu.pid, `qemu ${this.spec.name}`);
    void qemu.ended.then((end) => this.#inTurn(() => this.#afterEnd(qemu, end)));
    await qemu.qmp.open().catch(async () => {
      throw qemuDied(this.spec.name, await qemu.ended);
    });
  }

  async #stop(why: string): Promise<void> {
    const qemu = this.#qemu;
    if (!qemu) return;
    this.#qemu = null; // so that #afterEnd leaves it to us
    await qemu.stop();
    this.#powerIsOff();
    this.#record('power-off', why);
  }

  /** QEMU ended by itself: the guest reset or switched itself off, or QEMU died. */
  async #afterEnd(qemu: QemuProcess, end: QemuEnd): Promise<void> {
    if (qemu.pid !== undefined) await forgetProcess(this.#context.rack.dir, qemu.pid);
    if (this.#qemu !== qemu) return;
    this.#qemu = null;
    if (end.reason === 'guest-reset' || (end.reason === 'guest-shutdown' && this.#restartWhenOff)) {
      return this.#start('reboot', end.reason).catch((error) => {
        this.#context.log.error(
          { machine: this.spec.name, reason: reasonOf(error) },
          'machine did not restart',
        );
      });
    }
    this.#powerIsOff();
    if (end.reason === 'guest-shutdown') return this.#record('power-off', end.reason);
    this.#record('died', `QEMU ended (${end.reason ?? `exit code ${end.exitCode}`}): ${end.stderr}`);
  }

  #powerIsOff(): void {
    this.#power = 'Off';
    this.console.end();
  }

  #record(kind: string, why: string): void {
    this.history.push({ atMs: this.#context.clock.nowMs(), kind, why });
    this.#context.log.info({ machine: this.spec.name, kind, why }, 'machine event');
  }
}

const qemuDied = (machine: string, end: QemuEnd) =>
  new BlackstartError('E_QEMU_DIED', `${machine}'s QEMU ended as soon as it was started`, {
    remedy: `It said: ${end.stderr || `(nothing; exit code ${end.exitCode})`}`,
  });
