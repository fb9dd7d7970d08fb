import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { runPlaybook, tryPlaybook } from '../../src/exec/ansible.ts';
import { ANSIBLE_REQUIREMENTS, PLAYBOOKS } from '../../src/exec/ansible-config.ts';
import type { PlaybookEvent } from '../../src/exec/ansible-events.ts';
import { run, tryRun } from '../../src/exec/run.ts';
import { readMachineFacts } from '../../src/exec/ssh-facts.ts';
import { knownHostsLine } from '../../src/exec/ssh-host-key.ts';
import { untilSsh } from '../../src/exec/ssh-wait.ts';
import { ensureVenv } from '../../src/exec/venv.ts';
import { type InventoryHost, renderAnsibleInventory } from '../../src/render/ansible-inventory.ts';

const CACHE = process.env['BLACKSTART_CACHE'] ?? '/var/cache/blackstart';
const UUID = '5f9a0c1e-7d7c-4c5e-9a3e-0d3f6a1b2c3d';
const PORT = 22022;
const dir = mkdtempSync(join(tmpdir(), 'bs-ansible-'));
const keyFile = join(dir, 'id_ed25519');
const inventoryFile = join(dir, 'inventory.yml');
const markerDir = join(dir, 'etc-blackstart');
const uuidFile = join(dir, 'product_uuid');
const missing = ['/usr/sbin/sshd', '/usr/bin/python3', '/usr/bin/unshare'].filter(
  (path) => !existsSync(path),
);
const cannot = process.getuid?.() !== 0 ? 'not root' : missing.length > 0 ? `no ${missing.join(', ')}` : null;
if (cannot) console.log(`skipped, ${cannot}: test/host/ansible.test.ts`);

const host = (more: Partial<InventoryHost> = {}): InventoryHost => ({
  name: 'lab-1',
  address: '127.0.0.1',
  port: PORT,
  user: 'root',
  role: 'compute',
  rack: 'r1',
  fleets: ['k8s'],
  systemUuid: UUID,
  serial: "{{ lookup('pipe', 'echo taken for a template') }}",
  macs: ['52:54:00:00:00:01'],
  ...more,
});
const writeInventory = (...hosts: InventoryHost[]) =>
  writeFileSync(inventoryFile, renderAnsibleInventory({ privateKeyFile: keyFile, hosts }));

describe.skipIf(cannot !== null)('Ansible against a real sshd', () => {
  let venv = '';
  let knownHosts = '';
  let stopSshd = () => {};
  const started: number[] = [];

  /** An sshd in a UTS namespace of its own, so that the host it logs into has the name `lab-1`. */
  async function startSshd() {
    for (const name of ['host_key', 'id_ed25519'])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
    mkdirSync('/run/sshd', { recursive: true });
    const options = {
      ListenAddress: `127.0.0.1:${PORT}`,
      HostKey: join(dir, 'host_key'),
      AuthorizedKeysFile: join(dir, 'id_ed25519.pub'),
      PidFile: 'none',
      StrictModes: 'no',
      UsePAM: 'no',
    };
    const args = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    const sshd = ['/usr/sbin/sshd', '-D', '-f', '/dev/null', ...args].join(' ');
    const child = spawn('unshare', ['--uts', 'sh', '-c', `hostname lab-1 && exec ${sshd}`], {
      stdio: 'ignore',
    });
    started.push(child.pid ?? 0);
    stopSshd = () => child.kill();
  }

  beforeAll(async () => {
    writeFileSync(uuidFile, `${UUID.toUpperCase()}\n`);
    venv = await ensureVenv({ name: 'ansible', requirements: ANSIBLE_REQUIREMENTS }, CACHE, () => {});
    await startSshd();
    const target = {
      host: '127.0.0.1',
      port: PORT,
      username: 'root',
      privateKey: readFileSync(keyFile, 'utf8'),
    };
    const ssh = await untilSsh(target, { clock: systemClock, limitMs: 20_000, pollMs: 100 });
    expect((await readMachineFacts(ssh)).hostname).toBe('lab-1');
    knownHosts = knownHostsLine('127.0.0.1', PORT, ssh.hostKey);
    ssh.close();
  });
  afterAll(() => {
    stopSshd();
    rmSync(dir, { recursive: true, force: true });
  });

  const playbook = (runName: string, more: Partial<Parameters<typeof runPlaybook>[0]> = {}) => ({
    venv,
    playbook: join(PLAYBOOKS, 'first-light.yml'),
    inventoryFile,
    privateKeyFile: keyFile,
    knownHosts,
    extraVars: { first_light_dir: markerDir, first_light_uuid_file: uuidFile },
    runDir: join(dir, runName),
    ...more,
  });

  test('the pinned requirements are all there is: nothing floats', async () => {
    const { stdout } = await run(join(venv, 'bin/pip'), ['freeze', '--disable-pip-version-check']);
    expect(stdout.trim().split('\n').sort()).toEqual([...ANSIBLE_REQUIREMENTS].sort());
  });

  test('the rendered inventory is what ansible-inventory reads, without a warning', async () => {
    writeInventory(host(), host({ name: 'lab-2', rack: null, fleets: [], role: 'control-plane' }));
    const { stdout, stderr } = await run(
      join(venv, 'bin/ansible-inventory'),
      ['-i', inventoryFile, '--list'],
      {
        env: { ANSIBLE_HOME: join(dir, 'inventory-home') },
      },
    );
    const list = JSON.parse(stdout);
    expect(stderr).not.toContain('WARNING');
    expect(list.role_compute.hosts).toEqual(['lab-1']);
    expect(list.role_control_plane.hosts).toEqual(['lab-2']);
    expect(list.rack_r1.hosts).toEqual(['lab-1']);
    expect(list.fleet_k8s.hosts).toEqual(['lab-1']);
    const vars = list._meta.hostvars['lab-1'];
    expect(vars).toMatchObject({
      ansible_host: '127.0.0.1',
      ansible_user: 'root',
      ansible_ssh_private_key_file: keyFile,
      blackstart_macs: ['52:54:00:00:00:01'],
    });
    expect(JSON.stringify(vars.blackstart_system_uuid)).toContain(UUID);
  });

  test('first light leaves its marker, and a second run changes nothing', async () => {
    writeInventory(host());
    const events: PlaybookEvent[] = [];
    const first = await runPlaybook(playbook('first'), (event) => events.push(event));
    expect(first.perHost['lab-1']).toMatchObject({ changed: 2, failed: 0, unreachable: 0 });
    expect(events.map((event) => event.event)).toEqual(
      expect.arrayContaining(['play', 'task', 'host', 'stats']),
    );
    expect(JSON.parse(readFileSync(join(markerDir, 'first-light.json'), 'utf8'))).toMatchObject({
      name: 'lab-1',
      system_uuid: UUID,
      serial: "{{ lookup('pipe', 'echo taken for a template') }}",
    });
    const second = await runPlaybook(playbook('second'), () => {});
    expect(second.perHost['lab-1']).toMatchObject({ changed: 0, failed: 0 });
    expect(readFileSync(second.logFile, 'utf8')).toContain('PLAY RECAP');
  });

  test('the wrong machine is refused, by name and by UUID, and the message says which', async () => {
    writeInventory(host({ name: 'lab-9' }));
    await expect(runPlaybook(playbook('wrong-name'), () => {})).rejects.toMatchObject({
      code: 'E_PLAYBOOK',
      message: expect.stringContaining(
        'failed on lab-9: the machine calls itself lab-1, the inventory lab-9',
      ),
      remedy: expect.stringContaining(join(dir, 'wrong-name/ansible.log')),
    });
    writeInventory(host({ systemUuid: UUID.replace('5', '6') }));
    await expect(runPlaybook(playbook('wrong-uuid'), () => {})).rejects.toMatchObject({
      message: expect.stringContaining(`the machine's system UUID is ${UUID}, the inventory's 6f9a`),
    });
  });

  test('a machine that is not there, and one with another host key, are unreachable', async () => {
    writeInventory(host({ port: 1 }));
    const gone = await tryPlaybook(playbook('gone'), () => {});
    expect(gone).toMatchObject({ ok: false, perHost: { 'lab-1': { unreachable: 1 } } });
    expect(gone.firstFailure?.host).toBe('lab-1');
    writeInventory(host());
    const stranger = `[127.0.0.1]:${PORT} ${readFileSync(`${keyFile}.pub`, 'utf8')}`;
    const refused = await tryPlaybook(playbook('stranger', { knownHosts: stranger }), () => {});
    expect(refused).toMatchObject({ ok: false, perHost: { 'lab-1': { unreachable: 1 } } });
    expect(refused.firstFailure?.message).toMatch(/host key|IDENTIFICATION/i);
  });

  test('a run that matches no host, and one that cannot start, fail with what Ansible said', async () => {
    writeInventory(host());
    await expect(runPlaybook(playbook('nobody', { limit: 'nobody' }), () => {})).rejects.toMatchObject({
      code: 'E_PLAYBOOK',
      message: expect.stringContaining('nobody'),
    });
    const nowhere = playbook('no-file', { playbook: join(dir, 'no-such.yml') });
    await expect(runPlaybook(nowhere, () => {})).rejects.toMatchObject({
      message: expect.stringContaining('could not be found'),
    });
  });

  test('an abort ends the run at once and leaves no process behind', async () => {
    writeInventory(host());
    const slow = join(dir, 'slow.yml');
    writeFileSync(
      slow,
      '- hosts: all\n  gather_facts: false\n  tasks: [{ name: sleep, ansible.builtin.command: sleep 3600 }]\n',
    );
    const controller = new AbortController();
    const stopped = new Error('stopped by the operator');
    const running = tryPlaybook(
      playbook('aborted', { playbook: slow }),
      (event) => event.event === 'task' && setTimeout(() => controller.abort(stopped), 2_000),
      controller.signal,
    );
    await expect(running).rejects.toBe(stopped);
    const left = (await tryRun('pgrep', ['-af', join(dir, 'aborted')])).stdout;
    expect(left).toBe('');
  });

  test('every playbook passes the syntax check', async () => {
    writeInventory(host());
    await run(
      join(venv, 'bin/ansible-playbook'),
      ['--syntax-check', '-i', inventoryFile, join(PLAYBOOKS, 'first-light.yml')],
      {
        env: { ANSIBLE_HOME: join(dir, 'syntax-home') },
      },
    );
  });
});
