import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type RunResult, run } from '../../src/exec/run.ts';
import { pressPower } from '../../src/rack/control.ts';
import { readDiskWrites } from '../../src/rack/fake-disk.ts';
import { Lab, whyNoLab } from './lab.ts';

const cannot = whyNoLab();
if (cannot) console.log(`skipped, ${cannot}: test/host/bring-up-errors.test.ts`);

const NODES = ['e-image', 'e-password', 'e-nobody', 'e-silent'] as const;
const IMAGE = 'images/any-bytes.raw';
const PASSWORD = 'secrets/other-bmc-password';
const LAB_SITE = new URL('../../inventories/lab', import.meta.url).pathname;
const BIND_67 = 'import socket, time; s = socket.socket(type=2); s.bind(("", 67)); time.sleep(60)';
const LIMIT_MS = 480_000;
const UP = ['up', '--to', 'deploy'];

/** Each trouble ends in a message that names it and the cure; mended, the same command succeeds. */
describe.skipIf(cannot)('what goes wrong in a bring-up is said, and can be mended', () => {
  let lab: Lab;
  const writes = (name: string) => readDiskWrites(lab.machineDir(name)).length;
  const siteFile = () => join(lab.place.siteDir, 'site.yaml');

  beforeAll(async () => {
    lab = await Lab.open('site-errors');
    await lab.writeSiteFile(IMAGE);
    await lab.prepare();
    await lab.startRack();
    await lab.editSite((site) => {
      site.deleteIn(['nodes', 4]);
      site.deleteIn(['rehearsal', 'machines', 'e-stranger']);
    });
  }, 1_260_000);
  afterAll(() => lab?.close());

  test('a wrong key in the site file', async () => {
    const right = readFileSync(siteFile(), 'utf8');
    const wrong = right.replace('    role: compute', '    roel: compute');
    const line = wrong.split('\n').findIndex((text) => text.includes('roel')) + 1;
    await lab.writeSiteFile('site.yaml', wrong);
    const refused = await lab.blackstart(['up', '--dry-run']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`site.yaml:${line} nodes[0].roel`);
    await lab.writeSiteFile('site.yaml', right);
    const planned = await lab.blackstart(['up', '--dry-run']);
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('e-password') });
  });

  test('a program missing that the ramdisk is built with', async () => {
    const programs = join(lab.place.root, 'few-programs');
    mkdirSync(programs);
    for (const name of ['dirname', 'readlink', 'cpio']) symlinkSync(`/usr/bin/${name}`, join(programs, name));
    const env = { PATH: programs, BLACKSTART_CACHE: join(lab.place.root, 'empty-cache') };
    const refused = await lab.blackstart(['ramdisk', 'build'], { env });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/E_PACKAGE_MISSING.*mmdebstrap[\s\S]*apt-get install.* mmdebstrap/);
    expect((await lab.blackstart(['ramdisk', 'build'])).exitCode).toBe(0);
  });

  test('another program on the DHCP port', async () => {
    const thief = await lab.startInSeed(['/usr/bin/python3', '-c', BIND_67]);
    try {
      await vi.waitFor(
        async () => expect((await lab.inSeed(['ss', '-lunp'])).stdout).toContain(':67'),
        5_000,
      );
      expect(await lab.startSeed()).toBe(1);
      expect(lab.seedSaid()).toMatch(/E_PORT_TAKEN: UDP port 67 is held[\s\S]*ss -lunp/);
    } finally {
      await thief.end();
    }
    expect(await lab.startSeed()).toBeNull();
    await lab.stopSeed();
  });

  test('no space for what is built', async () => {
    const tiny = join(lab.place.root, 'tiny-cache');
    mkdirSync(tiny);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', tiny]);
    try {
      const env = { BLACKSTART_CACHE: tiny };
      const image = await lab.inSeed([
        'env',
        `BLACKSTART_CACHE=${tiny}`,
        ...lab.command('image', 'build'),
        '--site',
        LAB_SITE,
      ]);
      expect(image).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/E_NO_SPACE: no space in .*image/),
      });
      expect(await lab.startSeed(env)).toBeNull();
      const failed = await lab.blackstart(['up', '--to', 'discover']);
      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toMatch(/Ramdisk.*: no space in .*tiny-cache.* needs \d+ MiB, \d+ MiB are free/);
      expect(failed.stderr).toMatch(/→ Free \d+ MiB there .*BLACKSTART_CACHE/);
      await lab.stopSeed();
    } finally {
      await run('umount', [tiny]);
    }
    expect((await lab.blackstart(['image', 'build'])).exitCode).toBe(0);
  });

  test('an image that is not the one the site names: nothing is written', async () => {
    await lab.editSite((site) => site.setIn(['images', 'any-bytes', 'sha256'], '0'.repeat(64)));
    expect(await lab.startSeed()).toBeNull();
    const failed = await lab.blackstart(UP);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(
      /Images: image "any-bytes": .* has the checksum [0-9a-f]{64}, site.yaml says 0{64}/,
    );
    expect(failed.stderr).toMatch(/→ .*fetch it again, or correct "sha256"/);
    expect(NODES.map(writes)).toEqual([0, 0, 0, 0]);
    await lab.stopSeed();
    await lab.editSite((site) => site.deleteIn(['images', 'any-bytes', 'sha256']));
  });

  describe('five troubles at once', () => {
    let failed: RunResult;
    let image: Buffer;
    let password: Buffer;

    beforeAll(async () => {
      image = await lab.readSiteFile(IMAGE);
      password = await lab.readSiteFile(PASSWORD);
      await lab.writeSiteFile(PASSWORD, 'mistyped\n');
      await lab.editSite((site) => site.setIn(['nodes', 2, 'bmc', 'address'], '10.90.0.99'));
      expect(await lab.startSeed()).toBeNull();
      await pressPower(lab.place.rackDir, 'e-stranger', 'On');
      const up = lab.blackstart(UP, { timeoutMs: LIMIT_MS });
      await untilImagesAreChecked(lab);
      await lab.writeSiteFile(IMAGE, Buffer.alloc(image.length));
      failed = await up;
    }, LIMIT_MS);

    const said = (pattern: RegExp) => {
      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toMatch(pattern);
    };

    test('a mistyped BMC password', () =>
      said(
        /e-password: [\w-]+ failed 3 times: .*10\.90\.0\.12 refuses user admin[\s\S]*?→ Check bmc.username/,
      ));

    test('a BMC that is not there', () =>
      said(/e-nobody: [\w-]+ failed 3 times: .*10\.90\.0\.99 cannot be reached[\s\S]*?→ Check the address/));

    test('a ramdisk that never calls back', () =>
      said(
        /e-silent: not discovered within 1 min .*no agent has called back[\s\S]*?→ .*nodes console e-silent/,
      ));

    test('an image that was damaged after it was checked', () => {
      said(/e-image: deploy failed 3 times: .*failed to verify against checksum[\s\S]*?→ /i);
      expect(writes('e-image')).toBe(0);
    });

    test('a machine in no inventory is listed, and left alone', async () => {
      const listed = await lab.blackstart(['nodes', 'list']);
      const stranger = lab.rack.machines.find(({ name }) => name === 'e-stranger');
      expect(listed.stdout).toMatch(
        new RegExp(`In no site file:[\\s\\S]*${stranger?.serial}.*${stranger?.mac}`),
      );
      expect(writes('e-stranger')).toBe(0);
      expect((await lab.ironicNodes()).map(({ name }) => name)).not.toContain('e-stranger');
    });

    test(
      'mended, and with Ironic killed in the middle, the same command reaches the end',
      async () => {
        await lab.writeSiteFile(IMAGE, image);
        await lab.writeSiteFile(PASSWORD, password);
        await lab.editSite((site) => site.setIn(['nodes', 2, 'bmc', 'address'], '10.90.0.13'));
        await lab.blackstart(['undercloud', 'down']);
        await lab.stopSeed();
        await lab.restartRack((machine) =>
          machine.name === 'e-silent' ? { ...machine, behaviours: ['slow=1'] } : machine,
        );
        expect(await lab.startSeed()).toBeNull();
        const up = lab.blackstart(UP, { timeoutMs: LIMIT_MS });
        const killed = await killIronicInDeploy(lab);
        expect(await up).toMatchObject({ exitCode: 0 });
        const { undercloud } = await lab.commands.seed();
        expect(undercloud).toMatchObject({ state: 'running' });
        expect(undercloud.pid).not.toBe(killed);
        const { nodes } = await lab.commands.nodes();
        expect(nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(
          NODES.map((name) => `${name} verified`),
        );
        expect(NODES.filter((name) => writes(name) < 1)).toEqual([]);
      },
      LIMIT_MS + 60_000,
    );
  });
});

async function untilImagesAreChecked(lab: Lab): Promise<void> {
  await vi.waitFor(
    async () => {
      const { operation } = await lab.commands.seed();
      const { site } = await lab.commands.operation(operation ?? 0);
      expect(site.find(({ step }) => step === 'images')?.state).toBe('done');
    },
    { timeout: 120_000, interval: 200 },
  );
}

/** Kills both of Ironic's processes while a machine is being written. Returns the master's pid. */
async function killIronicInDeploy(lab: Lab): Promise<number> {
  for (let deadlineMs = Date.now() + 180_000; Date.now() < deadlineMs; await systemClock.sleep(200)) {
    const { nodes } = await lab.commands.nodes();
    if (!nodes.some(({ provisionState }) => provisionState === 'deploying')) continue;
    const { pid } = await lab.commands.undercloud('status');
    if (pid === null) throw new Error('the undercloud has no process');
    process.kill(-pid, 'SIGKILL');
    return pid;
  }
  throw new Error('no machine was seen deploying');
}
