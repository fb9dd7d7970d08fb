import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { run, tryRun } from '../../src/exec/run.ts';
import { silentLog } from '../../src/log.ts';
import { imageUrl } from '../../src/operations/image-url.ts';
import { packageCacheSettings, runPackageCache } from '../../src/operations/package-cache.ts';
import { rememberServed } from '../../src/operations/served-files.ts';
import { loadSite } from '../../src/site/load-site.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));
const [HTTP_PORT, NGINX_PORT, CACHE_PORT] = [18080, 18081, 13142];

const SITE = (stateDir: string) => `site: handoff
seed:
  stateDir: ${stateDir}
  httpPort: ${HTTP_PORT}
  nginxPort: ${NGINX_PORT}
  packageCache: { port: ${CACHE_PORT}, mirrors: ["http://deb.debian.org/debian"] }
networks:
  provisioning: { purpose: provisioning, cidr: 127.0.0.0/8, interface: lo, address: 127.0.0.1, dhcp: { mode: off } }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5T25seUFuRXhhbXBsZUhlcmUh test]
  privateKey: { inline: none }
undercloud: { enabled: false }
`;

const folder = mkdtempSync(join(tmpdir(), 'bs-handoff-'));
const [siteDir, stateDir] = [join(folder, 'site'), join(folder, 'state')];
mkdirSync(siteDir);
mkdirSync(stateDir);
writeFileSync(join(siteDir, 'site.yaml'), SITE(stateDir));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const missing = ['/usr/sbin/nginx', '/usr/sbin/apt-cacher-ng', '/usr/bin/curl'].filter(
  (it) => !existsSync(it),
);
const whyNot =
  process.getuid?.() !== 0
    ? 'it must run as root'
    : missing.length > 0
      ? `missing: ${missing.join(' ')}`
      : null;
if (whyNot) console.log(`skipped: ${whyNot}`);

describe.skipIf(whyNot !== null)('images handed off to Debian’s nginx', () => {
  const bytes = randomBytes(5_000_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = join(folder, 'an image.raw');
  const image = { file, urlName: 'debian-12-abc.raw', sha256, format: 'raw' } as const;
  const stop = new AbortController();
  let ended: Promise<unknown>;

  beforeAll(async () => {
    writeFileSync(file, bytes, { mode: 0o644 });
    await rememberServed(stateDir, { agent: null, images: [image], programs: {} });
    await run(LAUNCHER, ['render', 'nginx', '--site', siteDir, '--out', folder]);
    const main = join(folder, 'nginx.conf');
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (it) => `${it}_temp_path ${folder}/${it};`,
    );
    writeFileSync(
      main,
      `daemon off; user root; pid ${folder}/pid; error_log stderr; events {}
       http { ${temp.join(' ')} include ${folder}/nginx/blackstart.conf; }`,
    );
    ended = tryRun('/usr/sbin/nginx', ['-c', main, '-p', folder], { signal: stop.signal }).catch(() => {});
    await vi.waitFor(async () => expect(await curl('/images/debian-12-abc.raw', '-I')).toContain('200 OK'), {
      timeout: 10_000,
    });
  });
  afterAll(async () => {
    stop.abort();
    await ended;
  });

  const curl = async (path: string, ...options: string[]): Promise<string> =>
    (await tryRun('curl', ['-s', '--path-as-is', ...options, `http://127.0.0.1:${NGINX_PORT}${path}`]))
      .stdout;

  test('come whole and in parts', async () => {
    const got = join(folder, 'got');
    await curl('/images/debian-12-abc.raw', '-o', got);
    expect(createHash('sha256').update(readFileSync(got)).digest('hex')).toBe(sha256);
    await curl('/images/debian-12-abc.raw', '-o', got, '-r', '1000000-1999999');
    expect(readFileSync(got).equals(bytes.subarray(1_000_000, 2_000_000))).toBe(true);
  });

  test.each([
    '/images/',
    '/images/../an%20image.raw',
    '/images/nginx.conf',
    '/nginx.conf',
    '/images/debian-12-abc.raw/..',
  ])('and nothing else does: %s', async (path) => {
    expect(await curl(path, '-o', '/dev/null', '-w', '%{http_code}')).toMatch(/^40[034]$/);
  });

  test('are fetched from it while it has them, else from the seed', async () => {
    const { site } = await loadSite(siteDir);
    const own = (name: string) => `http://127.0.0.1:${HTTP_PORT}/images/${name}`;
    const urlOf = (over: object) => imageUrl(site, '127.0.0.1', { ...image, ...over }, silentLog);
    expect(await urlOf({})).toBe(`http://127.0.0.1:${NGINX_PORT}/images/debian-12-abc.raw`);
    expect(await urlOf({ urlName: 'newer.raw' })).toBe(own('newer.raw'));
    const shorter = join(folder, 'shorter.raw');
    writeFileSync(shorter, 'short');
    expect(await urlOf({ file: shorter })).toBe(own('debian-12-abc.raw'));
    stop.abort();
    await ended;
    expect(await urlOf({})).toBe(own('debian-12-abc.raw'));
  });
});

describe.skipIf(whyNot !== null)('the package cache', () => {
  const cacheDir = mkdtempSync(join(tmpdir(), 'bs-packages-'));
  const stop = new AbortController();
  let ended: Promise<void>;
  let dir: string;
  const proxy = `http://127.0.0.1:${CACHE_PORT}`;

  beforeAll(async () => {
    const settings = packageCacheSettings((await loadSite(siteDir)).site);
    if (settings === null) throw new Error('the site has one');
    await run('chmod', ['755', cacheDir]);
    dir = join(cacheDir, 'packages');
    ended = runPackageCache({ ...settings, dir }, { clock: systemClock, log: silentLog }, stop.signal);
    await vi.waitFor(async () => expect(await fetch('http://example.org/x.deb')).toBe('403'), {
      timeout: 15_000,
    });
  });
  afterAll(async () => {
    stop.abort();
    await ended;
    rmSync(cacheDir, { recursive: true });
  });

  const fetch = async (url: string, ...options: string[]): Promise<string> =>
    (
      await tryRun('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-x', proxy, ...options, url], {
        timeoutMs: 60_000,
      })
    ).stdout;

  test('gives a package of Debian’s, the second time from its disk', async () => {
    const listed = await run('apt-get', ['download', '--print-uris', 'netbase']);
    const url = /'([^']+)'/.exec(listed.stdout)?.[1] ?? '';
    expect(url).toMatch(/^http:\/\/deb\.debian\.org\/debian\/pool\/.*\.deb$/);
    expect([await fetch(url), await fetch(url)]).toEqual(['200', '200']);
    // `I` is what came in from the mirror, `O` what went out to machines.
    const seen = () =>
      readFileSync(join(dir, 'log', 'apt-cacher.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('netbase'))
        .map((line) => line.split('|')[1]);
    await expect.poll(seen, { timeout: 20_000 }).toEqual(['I', 'O', 'O']);
  });

  test.each(['http://example.org/a.deb', 'http://127.0.0.1/a.deb', `${proxy}/acng-report.html`])(
    'is no way to anywhere else: %s',
    async (url) => {
      expect(await fetch(url)).toBe('403');
    },
  );

  test('listens on the provisioning address only, and not as root', async () => {
    const { stdout } = await run('ss', ['-ltnpH', `sport = :${CACHE_PORT}`]);
    expect(stdout.match(/127\.0\.0\.1:\d+/g)).toHaveLength(1);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const pid = /pid=(\d+)/.exec(stdout)?.[1] ?? '';
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t(?!0\t)/m);
  });

  test('is started again when it dies, and ends with the seed', async () => {
    const pidOf = async () =>
      Number(/pid=(\d+)/.exec((await tryRun('ss', ['-ltnpH', `sport = :${CACHE_PORT}`])).stdout)?.[1] ?? 0);
    const first = await pidOf();
    process.kill(first, 'SIGKILL');
    await expect
      .poll(async () => (await pidOf()) > 0 && (await pidOf()) !== first, { timeout: 20_000 })
      .toBe(true);
    stop.abort();
    await ended;
    await expect.poll(pidOf, { timeout: 10_000 }).toBe(0);
  });
});
