import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootEvent } from '../../src/boot/network-boot.ts';
import { run, tryRun } from '../../src/exec/run.ts';
import { aNetwork } from '../core/a-network.ts';
import type { ServerConfig } from './netboot-server.ts';

const SEED = 'bsW-seed';
const OTHER = 'bsW-other';
const ADDRESS = '10.77.0.1';
const ROGUE = '10.77.0.9';
const SQUATTED = '10.77.0.100';
const ROGUE_MAC = '52:54:00:99:09:09';
const POOL = { start: SQUATTED, end: '10.77.0.119' };
const BLACKSTART = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));
const LIMIT_MS = 60_000;

const missing = ['/usr/sbin/dnsmasq', '/usr/sbin/ip'].filter(
  (program) => !existsSync(program) && !existsSync(program.replace('/usr', '')),
);
const whyNot =
  process.getuid?.() !== 0
    ? 'network namespaces need root'
    : missing.length > 0
      ? `no ${missing.join(', ')}`
      : null;
if (whyNot) console.log(`skipped: ${whyNot}`);

describe.skipIf(whyNot !== null)(
  'a wire with another DHCP server, and with a host on an address of the pool',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bs-neighbours-'));
    const children: ChildProcess[] = [];

    const start = (namespace: string, command: readonly string[]): ChildProcess => {
      const child = spawn('ip', ['netns', 'exec', namespace, ...command], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      return child;
    };

    const removeNamespaces = async () => {
      for (const name of [SEED, OTHER]) await tryRun('ip', ['netns', 'delete', name]);
    };

    beforeAll(async () => {
      await removeNamespaces();
      for (const name of [SEED, OTHER]) await run('ip', ['netns', 'add', name]);
      const link = `link add bsW0 netns ${SEED} type veth peer name bsW1 netns ${OTHER} address ${ROGUE_MAC}`;
      await run('ip', link.split(' '));
      for (const [namespace, device, address] of [
        [SEED, 'bsW0', ADDRESS],
        [OTHER, 'bsW1', ROGUE],
        [OTHER, 'bsW1', SQUATTED],
      ] as const)
        await run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', device]);
      for (const [namespace, device] of [
        [SEED, 'bsW0'],
        [SEED, 'lo'],
        [OTHER, 'bsW1'],
      ] as const)
        await run('ip', ['-n', namespace, 'link', 'set', device, 'up']);
      start(OTHER, [
        ...['dnsmasq', '--keep-in-foreground', '--port=0', '--conf-file=/dev/null', '--interface=bsW1'],
        ...['--dhcp-range=10.77.0.200,10.77.0.210', `--listen-address=${ROGUE}`, '--bind-interfaces'],
        ...[
          `--dhcp-leasefile=${join(folder, 'dnsmasq.leases')}`,
          '--pid-file=',
          '--dhcp-boot=evil.efi',
          '--no-ping',
        ],
      ]);
    }, LIMIT_MS);

    afterAll(async () => {
      for (const child of children) {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      await removeNamespaces();
      rmSync(folder, { recursive: true });
    }, LIMIT_MS);

    test('the daemon names both, with their MACs', { timeout: LIMIT_MS }, async () => {
      mkdirSync(join(folder, 'http'));
      const config: ServerConfig = {
        network: aNetwork({ interface: 'bsW0', address: ADDRESS, subnet: '10.77.0.0', pools: [POOL] }),
        httpPort: 8080,
        leaseFile: join(folder, 'leases.sqlite'),
        programs: {},
        images: {},
        httpRoot: join(folder, 'http'),
        nodes: [],
        intents: {},
      };
      writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
      const server = start(SEED, [
        process.execPath,
        fileURLToPath(new URL('netboot-server.ts', import.meta.url)),
        join(folder, 'config.json'),
      ]);
      const events: BootEvent[] = [];
      for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
        const { event } = JSON.parse(line) as { event?: BootEvent };
        if (event) events.push(event);
        if (['dhcp rogue', 'dhcp conflict'].every((stage) => events.some((seen) => seen.stage === stage)))
          break;
      }
      const of = (wanted: string) => events.find(({ stage }) => stage === wanted);
      expect(of('dhcp rogue')).toMatchObject({ address: ROGUE, mac: ROGUE_MAC });
      expect(of('dhcp rogue')?.reason).toMatch(/offer of 10\.77\.0\.2\d\d .*boot file "evil\.efi"/);
      expect(of('dhcp conflict')).toMatchObject({
        address: SQUATTED,
        mac: ROGUE_MAC,
        decision: 'quarantined',
      });
      server.kill('SIGTERM');
      await once(server, 'exit');
    });

    test('`check` finds the server before anything is served', { timeout: LIMIT_MS }, async () => {
      writeFileSync(
        join(folder, 'site.yaml'),
        `site: neighbours
seed: { stateDir: ${join(folder, 'state')} }
networks:
  provisioning:
    purpose: provisioning
    cidr: 10.77.0.0/24
    interface: bsW0
    address: ${ADDRESS}
    dhcp: { mode: authoritative, pool: ${POOL.start}-${POOL.end} }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5T25seUFuRXhhbXBsZUhlcmUh test]
  privateKey: { inline: none }
undercloud: { enabled: false }
`,
      );
      const command = ['netns', 'exec', SEED, BLACKSTART, 'check', '--json', '--site', folder];
      const { stdout } = await tryRun('ip', command, { timeoutMs: LIMIT_MS });
      const results = JSON.parse(stdout) as { what: string; ok: boolean; detail: string }[];
      const found = results.find(({ what }) => what === 'DHCP servers on provisioning');
      expect(found).toMatchObject({ ok: false });
      expect(found?.detail).toContain(`${ROGUE} (${ROGUE_MAC}): offer of`);
    });
  },
);
