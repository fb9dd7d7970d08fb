import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { RehearsalReport } from '../../src/cli/rehearse-report.ts';
import { blackstart, labCopy } from './rehearsal.ts';

const HOUR_MS = 3_600_000;
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Makes a lab of its own, and sees to it that nothing of it outlives the test. */
async function lab(name: string, nodes: readonly string[], change?: Parameters<typeof labCopy>[2]) {
  const copy = await labCopy(name, nodes, change);
  cleanUps.push(async () => {
    await blackstart(['rehearse', 'down', '--dir', copy.dir], { timeoutMs: 120_000 });
    rmSync(copy.root, { recursive: true, force: true });
  });
  return copy;
}

test('a BIOS and a UEFI machine reach a verified login, though the seed is killed four times and Ironic once', async () => {
  const { siteDir, root, dir } = await lab('bskill', ['lab-1', 'lab-2']);
  const report = join(root, 'report.json');
  const kills = [
    'seed@netbooting',
    'seed@discovered',
    'seed@wait call-back',
    'undercloud@deploying',
    'seed@active',
  ];
  const run = await blackstart(
    ['rehearse', siteDir, '--dir', dir, '--json', report, '--keep', '--kill', ...kills],
    { timeoutMs: HOUR_MS },
  );
  expect(run.exitCode, run.stdout + run.stderr).toBe(0);
  for (const what of ['seed', 'undercloud']) expect(run.stderr).toContain(`kill -9 of the ${what}`);

  const written = JSON.parse(readFileSync(report, 'utf8')) as RehearsalReport;
  expect(written.ok).toBe(true);
  expect(
    written.nodes.map(({ firmware, provisionState, sshVerified }) => ({
      firmware,
      provisionState,
      sshVerified,
    })),
  ).toEqual([
    { firmware: 'bios', provisionState: 'active', sshVerified: true },
    { firmware: 'uefi', provisionState: 'active', sshVerified: true },
  ]);
  expect(finishedDeploys(dir)).toEqual({ 'lab-1': 1, 'lab-2': 1 });
});

/** How often Ironic's own history says that each node's deployment came to its end. */
function finishedDeploys(dir: string): Record<string, number> {
  const ironic = new DatabaseSync(join(dir, 'state', 'undercloud', 'ironic.sqlite'), { readOnly: true });
  const rows = ironic
    .prepare(
      "select nodes.name as name, count(*) as ends from node_history join nodes on nodes.id = node_history.node_id where event_type = 'deployment_end' and severity != 'ERROR' group by nodes.name",
    )
    .all() as { name: string; ends: number }[];
  ironic.close();
  return Object.fromEntries(rows.map(({ name, ends }) => [name, ends]));
}

test('a ramdisk that never calls back is told as that, and a second run succeeds once it is mended', async () => {
  const { siteDir, dir } = await lab('bssilent', ['lab-1'], (site) => {
    site.setIn(['roles', 'compute', 'kernelArgs'], 'rdinit=/bin/true');
    site.setIn(['discovery', 'timeoutMinutes'], 1);
  });
  const first = await blackstart(['rehearse', siteDir, '--dir', dir, '--to', 'discover', '--keep'], {
    timeoutMs: HOUR_MS,
  });
  expect(first.exitCode).toBe(1);
  expect(first.stderr).toContain(
    'lab-1: not discovered within 1 min of power-on: it fetched the kernel and the ramdisk, but no agent has called back',
  );
  expect(first.stderr).toContain('blackstart nodes console lab-1');

  const mended = join(dir, 'site', 'site.yaml');
  await mend(mended, join(dir, 'site'));
  const second = await blackstart(['up', '--site', join(dir, 'site'), '--to', 'discover'], {
    timeoutMs: HOUR_MS,
    namespace: 'bssilent-seed',
  });
  expect(second.exitCode, second.stdout + second.stderr).toBe(0);
});

/** What the operator does: takes the wrong kernel argument out of site.yaml and stops the daemon; "up" brings its own. */
async function mend(file: string, site: string): Promise<void> {
  const text = readFileSync(file, 'utf8')
    .replace(/^\s*kernelArgs: rdinit=.*\n/m, '')
    .replace(/timeoutMinutes: 1\b/, 'timeoutMinutes: 10');
  writeFileSync(file, text);
  const { stdout } = await blackstart(['nodes', 'list', '--json', '--site', site], { timeoutMs: 60_000 });
  expect(JSON.parse(stdout).nodes).toHaveLength(1);
  await stopSeed(site);
}

async function stopSeed(site: string): Promise<void> {
  const pid = execFileSync('pgrep', ['-f', `main.ts serve --site ${site}`], { encoding: 'utf8' })
    .trim()
    .split('\n')[0];
  process.kill(Number(pid), 'SIGTERM');
  for (let tries = 0; tries < 300; tries += 1) {
    if (!isAlive(Number(pid))) return;
    await setTimeout(100);
  }
  throw new Error('the daemon does not stop');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
