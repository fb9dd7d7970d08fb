import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '../../src/exec/run.ts';
import { aNetwork } from '../core/a-network.ts';
import type { ServerConfig } from './netboot-server.ts';

const SEED = 'bsP-seed';
const TAP = 'bsP0';
export const MACHINE_MAC = '52:54:00:99:00:02';
const FIRMWARE_SEED = '10.77.0.1';

export type Firmware = 'secure-boot' | 'uefi' | 'bios' | 'arm64';

/** Firmware code and the variables that each machine gets a copy of, by Debian's packages ovmf and qemu-efi-aarch64. */
const UEFI: Readonly<Record<Exclude<Firmware, 'bios'>, { code: string; vars: string }>> = {
  'secure-boot': {
    code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
    vars: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
  },
  uefi: { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', vars: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  arm64: { code: '/usr/share/AAVMF/AAVMF_CODE.fd', vars: '/usr/share/AAVMF/AAVMF_VARS.fd' },
};

const QEMU = { x86: '/usr/bin/qemu-system-x86_64', arm64: '/usr/bin/qemu-system-aarch64' } as const;

/** What a boot came to: the console until it showed what was waited for, and what the seed noted meanwhile. */
export interface FirmwareBoot {
  readonly seen: boolean;
  readonly console: string;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

type Settings = Pick<ServerConfig, 'programs'> & Partial<ServerConfig>;

/** The boot servers in a namespace of their own, and one QEMU machine at a time on its only link. */
export class FirmwareLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'bs-firmware-'));
  #server: ChildProcess | null = null;
  #events: Record<string, unknown>[] = [];

  /** Why this host cannot start that firmware; null when it can. */
  static whyNot(firmware: Firmware): string | null {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const files = firmware === 'bios' ? [] : Object.values(UEFI[firmware]);
    const missing = [firmware === 'arm64' ? QEMU.arm64 : QEMU.x86, ...files].filter(
      (file) => !existsSync(file),
    );
    return missing.length > 0 ? `missing files: ${missing.join(' ')}` : null;
  }

  async open(): Promise<void> {
    await tryRun('ip', ['netns', 'delete', SEED]);
    await run('ip', ['netns', 'add', SEED]);
    await run('ip', ['-n', SEED, 'tuntap', 'add', TAP, 'mode', 'tap']);
    await run('ip', ['-n', SEED, 'address', 'add', `${FIRMWARE_SEED}/24`, 'dev', TAP]);
    for (const link of ['lo', TAP]) await run('ip', ['-n', SEED, 'link', 'set', link, 'up']);
    mkdirSync(join(this.folder, 'http'));
  }

  async close(): Promise<void> {
    await this.stop();
    await tryRun('ip', ['netns', 'delete', SEED]);
    rmSync(this.folder, { recursive: true });
  }

  /** Serves with these settings, instead of what was served before. */
  async serve(settings: Settings): Promise<void> {
    await this.stop();
    const file = join(this.folder, 'config.json');
    writeFileSync(file, JSON.stringify({ ...this.#config(), ...settings }));
    const program = join(import.meta.dirname, 'netboot-server.ts');
    const child = spawn('ip', ['netns', 'exec', SEED, process.execPath, program, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#server = child;
    const ready = Promise.withResolvers<void>();
    let rest = '';
    child.stdout.on('data', (text) => {
      const parts = `${rest}${text}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = JSON.parse(part) as { ready?: boolean; event?: Record<string, unknown> };
        if (line.ready) ready.resolve();
        if (line.event) this.#events.push(line.event);
      }
    });
    await Promise.race([
      ready.promise,
      once(child, 'exit').then(() => Promise.reject(new Error('no server'))),
    ]);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server || server.exitCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  }

  /** Switches a machine on, and off again once its console shows `until` or `limitMs` is over. */
  async boot(
    firmware: Firmware,
    until: RegExp,
    limitMs: number,
    extra: readonly string[] = [],
  ): Promise<FirmwareBoot> {
    this.#events = [];
    const argv = [...this.#machine(firmware), ...extra];
    const program = firmware === 'arm64' ? QEMU.arm64 : QEMU.x86;
    const child = spawn('ip', ['netns', 'exec', SEED, program, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    let shown = '';
    const seen = Promise.withResolvers<boolean>();
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => {
        shown += bytes.toString('latin1');
        if (until.test(plain(shown))) seen.resolve(true);
      });
    const timer = setTimeout(() => seen.resolve(false), limitMs);
    const result = await Promise.race([seen.promise, ended.then(() => until.test(plain(shown)))]);
    clearTimeout(timer);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await ended;
    return { seen: result, console: plain(shown), events: this.#events };
  }

  #machine(firmware: Firmware): string[] {
    const common = [
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-nodefaults', '-display', 'none', '-serial', 'stdio'],
      ...['-no-reboot', '-device', 'virtio-rng-pci'],
      ...['-netdev', `tap,id=n0,ifname=${TAP},script=no,downscript=no`],
    ];
    const nic = `virtio-net-pci,netdev=n0,mac=${MACHINE_MAC},bootindex=1`;
    if (firmware === 'bios') return [...common, '-m', '2048', '-machine', 'q35,graphics=off', '-device', nic];
    const { code, vars } = UEFI[firmware];
    const own = join(this.folder, 'vars.fd');
    copyFileSync(vars, own);
    const flash = [
      ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
      ...['-drive', `if=pflash,unit=1,format=raw,file=${own}`],
      ...['-fw_cfg', 'name=opt/org.tianocore/IPv6Support,string=n'],
      ...['-device', `${nic},romfile=`],
    ];
    if (firmware === 'arm64') return [...common, '-m', '1024', '-machine', 'virt', ...flash];
    const smm = [
      '-global',
      'driver=cfi.pflash01,property=secure,value=on',
      '-global',
      'ICH9-LPC.disable_s3=1',
    ];
    const machine = firmware === 'uefi' ? ['-machine', 'q35'] : ['-machine', 'q35,smm=on', ...smm];
    return [...common, '-m', '2048', ...machine, ...flash];
  }

  #config(): ServerConfig {
    return {
      network: aNetwork({
        ...{ interface: TAP, address: FIRMWARE_SEED, subnet: '10.77.0.0' },
        pools: [{ start: '10.77.0.100', end: '10.77.0.110' }],
      }),
      httpPort: 8080,
      leaseFile: join(this.folder, 'leases.sqlite'),
      programs: {},
      images: {},
      httpRoot: join(this.folder, 'http'),
      nodes: [],
      intents: {},
    };
  }
}

/** A console's text without its colours and cursor movements. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const plain = (text: string): string => text.replaceAll(/\x1b\[[0-9;?=]*[A-Za-z]/g, '');
