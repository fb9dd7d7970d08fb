import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bmc } from '../../src/bmc/bmc.ts';
import type { BmcPatience } from '../../src/bmc/open-bmc.ts';
import { BlackstartError } from '../../src/errors.ts';

/**
 * What a BMC can be made to do wrong: agree to a boot device or a power change and not do it, never answer,
 * drop connections, say 503.
 */
export type BmcFault = 'ignore-boot' | 'ignore-power' | 'hang' | 'drop' | 'busy' | null;

export interface Changes {
  readonly password?: string;
  readonly patience?: Partial<BmcPatience>;
}

/** A BMC to try, fresh and with its machine off. */
export interface BmcUnderTest {
  /** Another client of the same BMC, with what the contract wants different; the contract closes it. */
  open(changes?: Changes): Bmc;
  setFault(fault: BmcFault): Promise<void>;
  /** What `describe` must find, the MACs in lower case. */
  readonly expected: {
    readonly uuid: string;
    readonly serial: string;
    readonly macs: readonly string[];
    readonly memoryGib: number;
    readonly diskSerials: readonly string[];
    readonly bmcMacs: readonly string[];
  };
  close(): Promise<void>;
}

/** Open the BMC with this: long enough for a busy test machine. Where giving up is the test, the contract asks for less. */
export const CONTRACT_PATIENCE: BmcPatience = {
  requestMs: 20_000,
  busyDelayMs: 50,
  busyLimitMs: 400,
  powerMs: 20_000,
  readBackDelayMs: 50,
  readBackMs: 20_000,
  pollMs: 50,
};

/** How long a machine may take from power-on to using up its next-boot wish. */
const BOOT_LIMIT_MS = 30_000;

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => 'it worked',
    (reason: unknown) => reason,
  );
  if (!(error instanceof BlackstartError)) return `no BlackstartError: ${String(error)}`;
  expect(error.remedy).not.toBe('');
  return error.code;
};

/** The laws of `Bmc`, for every implementation of either end. */
export function bmcContract(name: string, start: () => Promise<BmcUnderTest>): void {
  describe(`${name} keeps the contract of a BMC`, () => {
    let subject: BmcUnderTest;
    let bmc: Bmc;
    const opened: Bmc[] = [];
    const open = (changes?: Changes): Bmc => {
      const client = subject.open(changes);
      opened.push(client);
      return client;
    };

    beforeEach(async () => {
      subject = await start();
      bmc = open();
    });
    afterEach(async () => {
      await subject.setFault(null);
      await Promise.all(opened.splice(0).map((client) => client.close()));
      await subject.close();
    });

    const nextBoot = async () => {
      const { boot } = await bmc.describe();
      return boot.overrideEnabled === 'Disabled' ? 'none' : `${boot.overrideEnabled} ${boot.overrideTarget}`;
    };
    const untilNextBootIs = async (want: string) => {
      const deadlineMs = Date.now() + BOOT_LIMIT_MS;
      while ((await nextBoot()) !== want && Date.now() < deadlineMs) await sleep(100);
      expect(await nextBoot()).toBe(want);
    };

    test('power goes on and off, and asking for what is already so is no error', async () => {
      expect(await bmc.powerState()).toBe('off');
      await bmc.powerOff();
      await bmc.powerOn();
      expect(await bmc.powerState()).toBe('on');
      await bmc.powerOn();
      await bmc.powerOff();
      expect(await bmc.powerState()).toBe('off');
    });

    test('reset starts a machine that is off, and leaves one that is on, on', async () => {
      await bmc.reset();
      expect(await bmc.powerState()).toBe('on');
      await bmc.reset();
      expect(await bmc.powerState()).toBe('on');
      await bmc.powerOff();
    });

    test('a next boot is kept until a boot, and serves that one only', async () => {
      await bmc.setNextBoot('pxe');
      expect(await nextBoot()).toBe('Once Pxe');
      await bmc.setNextBoot('disk');
      expect(await nextBoot()).toBe('Once Hdd');
      await bmc.setNextBoot('pxe');
      await bmc.powerOn();
      await untilNextBootIs('none');
      await bmc.powerOff();
      await bmc.powerOn();
      expect(await nextBoot()).toBe('none');
      await bmc.powerOff();
    });

    test('a next boot asked for while the machine runs serves its reset', async () => {
      await bmc.powerOn();
      await bmc.setNextBoot('pxe');
      expect(await nextBoot()).toBe('Once Pxe');
      await bmc.reset();
      await untilNextBootIs('none');
      await bmc.powerOff();
    });

    test('a next boot can be taken back', async () => {
      await bmc.setNextBoot('pxe');
      await bmc.setNextBoot('none');
      expect(await nextBoot()).toBe('none');
      await bmc.setNextBoot('none');
    });

    test('the description names the machine and its parts', async () => {
      const { expected } = subject;
      const found = await bmc.describe();
      expect(found.identity.uuid).toBe(expected.uuid);
      expect(found.identity.serial).toBe(expected.serial);
      expect(found.power).toBe('off');
      expect(found.memoryGib).toBe(expected.memoryGib);
      expect(found.processors.filter(({ type }) => type === 'CPU').length).toBeGreaterThan(0);
      expect(found.nics.map(({ mac }) => mac)).toEqual([...expected.macs].sort());
      expect(found.disks.map(({ serial }) => serial)).toEqual(expected.diskSerials);
      expect(found.bmc.macs).toEqual(expected.bmcMacs);
      expect(found.boot.allowedTargets).toEqual(expect.arrayContaining(['None', 'Pxe', 'Hdd']));
      expect(found.missing.filter((line) => line.includes('cannot be read'))).toEqual([]);
    });

    test('a wrong password is E_BMC_AUTH, changes nothing, and does not keep the right one out', async () => {
      const stranger = open({ password: 'not the password' });
      expect(await codeOf(stranger.powerOn())).toBe('E_BMC_AUTH');
      expect(await codeOf(stranger.describe())).toBe('E_BMC_AUTH');
      expect(await bmc.powerState()).toBe('off');
    });

    test('commands that come at once are all done', async () => {
      const states = await Promise.all([
        bmc.powerState(),
        open().powerState(),
        bmc.powerState(),
        open().powerState(),
      ]);
      expect(states).toEqual(['off', 'off', 'off', 'off']);
    });

    test('a closed client can be used again', async () => {
      await bmc.powerState();
      await bmc.close();
      expect(await bmc.powerState()).toBe('off');
    });

    test('a boot device that is agreed to and not set is E_BMC_IGNORED', async () => {
      await subject.setFault('ignore-boot');
      const impatient = open({ patience: { readBackMs: 300 } });
      expect(await codeOf(impatient.setNextBoot('pxe'))).toBe('E_BMC_IGNORED');
      await subject.setFault(null);
      await bmc.setNextBoot('pxe');
      expect(await nextBoot()).toBe('Once Pxe');
    });

    test('power that is agreed to and not changed is E_BMC_IGNORED', async () => {
      const impatient = open({ patience: { powerMs: 300 } });
      await subject.setFault('ignore-power');
      expect(await codeOf(impatient.powerOn())).toBe('E_BMC_IGNORED');
      await subject.setFault(null);
      await bmc.powerOn();
      await subject.setFault('ignore-power');
      expect(await codeOf(impatient.powerOff())).toBe('E_BMC_IGNORED');
      await subject.setFault(null);
      await bmc.powerOff();
      expect(await bmc.powerState()).toBe('off');
    });

    test.each([
      ['hang', 'E_BMC_UNREACHABLE'],
      ['drop', 'E_BMC_UNREACHABLE'],
      ['busy', 'E_BMC_BUSY'],
    ] as const)('with the fault "%s" every command is %s, and works when it is over', async (fault, code) => {
      const patience = fault === 'hang' ? { requestMs: 300 } : {};
      const [client, other] = [open({ patience }), open({ patience })];
      await bmc.powerState();
      await subject.setFault(fault);
      expect(await codeOf(client.powerState())).toBe(code);
      expect(await codeOf(client.powerOn())).toBe(code);
      expect(await codeOf(other.setNextBoot('pxe'))).toBe(code);
      await subject.setFault(null);
      await bmc.powerOn();
      expect(await bmc.powerState()).toBe('on');
      await bmc.powerOff();
    });

    test('a BMC that is busy for a moment is waited for', async () => {
      await bmc.powerState();
      await subject.setFault('busy');
      const asked = bmc.powerState();
      await sleep(100);
      await subject.setFault(null);
      expect(await asked).toBe('off');
    });

    test('an abort ends a command that hangs, and the next one in line is served', async () => {
      await subject.setFault('hang');
      const reason = new Error('stopped by the operator');
      const controller = new AbortController();
      const hanging = bmc.powerState({ signal: controller.signal });
      setTimeout(() => controller.abort(reason), 100);
      await expect(hanging).rejects.toBe(reason);
      await subject.setFault(null);
      expect(await bmc.powerState()).toBe('off');
    });
  });
}
