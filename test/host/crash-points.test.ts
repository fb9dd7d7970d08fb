import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/exec/run.ts';
import { readDiskWrites } from '../../src/rack/fake-disk.ts';
import { Lab, whyNoLab } from './lab.ts';

const cannot = whyNoLab();
if (cannot) console.log(`skipped, ${cannot}: test/host/crash-points.test.ts`);

const NODES = ['crash-1', 'crash-2'] as const;
const NODE_STEPS = ['read-bmc', 'power-on', 'enroll', 'manage', 'inspect', 'provide', 'deploy', 'login'];
const LIMIT_MS = 900_000;
const SITE_STEPS = ['ramdisk', 'programs', 'undercloud', 'images'];

/** One life of the seed for each kind of journal write: it dies right after the write, and the next life goes on. */
describe.skipIf(cannot)('a seed that is killed after every write to its journal', () => {
  let lab: Lab;
  let up: RunResult;
  let deaths = 0;
  let seconds = 0;
  const crashFile = () => join(lab.place.root, 'crashes');
  const crashes = () => (existsSync(crashFile()) ? readFileSync(crashFile(), 'utf8').trim().split('\n') : []);

  beforeAll(async () => {
    lab = await Lab.open('site-crash');
    await lab.writeSiteFile('images/any-bytes.raw');
    await lab.prepare();
    await lab.startRack();
    const env = { BLACKSTART_CRASH_FILE: crashFile() };
    expect(await lab.startSeed(env)).toBeNull();
    const startedAtMs = Date.now();
    const stop = new AbortController();
    const supervised = lab.superviseSeed(env, stop.signal);
    supervised.catch(() => {});
    up = await lab.blackstart(['up', '--to', 'deploy'], { timeoutMs: LIMIT_MS });
    stop.abort();
    deaths = await supervised;
    seconds = Math.round((Date.now() - startedAtMs) / 1000);
    console.log(`${deaths} deaths of the seed at ${crashes().length} points; "up" ended after ${seconds} s`);
    if (up.exitCode !== 0) console.log(`${up.stdout}\n${up.stderr}\n${lab.seedSaid(60)}`);
  }, LIMIT_MS + 1_200_000);

  afterAll(() => lab?.close());

  test('"up" that watches sees the end of it', async () => {
    expect(up.exitCode).toBe(0);
    const { nodes } = await lab.commands.nodes();
    expect(nodes.map(({ name, state, blocked }) => ({ name, state, blocked }))).toEqual(
      NODES.map((name) => ({ name, state: 'verified', blocked: null })),
    );
    expect(nodes.map(({ name, verified }) => verified?.hostname === name)).toEqual([true, true]);
  });

  test('it died at the beginning and the end of every step', () => {
    const all = (phase: string, steps: readonly string[], of: string) =>
      steps.map((step) => `${of} ${step} ${phase}`);
    const begun = NODES.flatMap((node) => all('begin', NODE_STEPS, node));
    const site = [...all('begin', SITE_STEPS, 'site'), ...all('done', SITE_STEPS, 'site')];
    expect(crashes()).toEqual(expect.arrayContaining([...site, ...begun]));
    // A death for one machine may strike a step of the other between its deed and its "done": the next life sees the
    // deed, and goes on.
    const done = new Set(crashes().flatMap((point) => /^crash-\d (\S+) done$/.exec(point)?.[1] ?? []));
    expect([...done]).toEqual(expect.arrayContaining(NODE_STEPS));
    expect(deaths).toBe(crashes().length);
  });

  test.each(NODES)('%s was written once, by one deployment', async (name) => {
    expect(readDiskWrites(lab.machineDir(name))).toHaveLength(1);
    const history = await lab.ironicHistory(name);
    expect(history.filter(({ event_type }) => event_type === 'deployment_end')).toHaveLength(1);
    expect(history.filter(({ event_type }) => event_type === 'deployment_start')).toHaveLength(1);
  });

  test('the undercloud has one node for each machine', async () => {
    const nodes = await lab.ironicNodes();
    expect(nodes.map((node) => `${node.name} ${node.provision_state} ${node.driver}`).sort()).toEqual(
      NODES.map((name) => `${name} active redfish`),
    );
  });

  test('a second "up" finds nothing to do, and switches nothing', async () => {
    const before = await lab.ironicNodes();
    expect((await lab.blackstart(['up', '--to', 'deploy'])).exitCode).toBe(0);
    expect(NODES.map((name) => readDiskWrites(lab.machineDir(name)).length)).toEqual([1, 1]);
    const states = (list: typeof before) => list.map((node) => [node.name, node.provision_updated_at]).sort();
    expect(states(await lab.ironicNodes())).toEqual(states(before));
  });

  test('a node that the site protects from now on is protected in the undercloud, and no longer when it is not', async () => {
    const protectedInIronic = async () =>
      (await lab.ironicNodes()).filter((node) => node.protected).map((node) => node.name);
    for (const [wanted, expected] of [
      [true, [NODES[0]]],
      [false, []],
    ] as const) {
      await lab.stopSeed();
      await lab.editSite((site) => site.setIn(['nodes', 0, 'protected'], wanted));
      expect(await lab.startSeed()).toBeNull();
      expect((await lab.blackstart(['up', '--to', 'deploy'])).exitCode).toBe(0);
      expect(await protectedInIronic()).toEqual(expected);
    }
  });
});
