import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { initSite } from '../../src/site/init-site.ts';
import { loadSite } from '../../src/site/load-site.ts';
import { createMissingSecrets } from '../../src/site/secret-files.ts';
import { readSecret } from '../../src/site/secrets.ts';
import { createSshKey } from '../../src/site/ssh-key.ts';
import { siteText } from './sites.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bs-site-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

const failsWith = (code: string, message: RegExp, remedy: RegExp) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(remedy),
    exitCode: 2,
  });

describe('a secret', () => {
  test('is read from a file without its final line break, and anew each time', async () => {
    const file = join(dir, 'password');
    writeFileSync(file, 'pass word \r\n', { mode: 0o600 });
    expect(await readSecret({ file: 'password' }, dir)).toBe('pass word ');
    writeFileSync(file, 'rotated\n');
    expect(await readSecret({ file }, '/nowhere')).toBe('rotated');
  });

  test('is read from the environment, or stands in the site by the escape hatch', async () => {
    vi.stubEnv('BS_TEST_SECRET', 'from-env');
    expect(await readSecret({ env: 'BS_TEST_SECRET' }, dir)).toBe('from-env');
    expect(await readSecret({ inline: 'typed' }, dir)).toBe('typed');
  });

  test('that everybody can read is refused until that is mended', async () => {
    writeFileSync(join(dir, 'password'), 'x', { mode: 0o600 });
    chmodSync(join(dir, 'password'), 0o644);
    await expect(readSecret({ file: 'password' }, dir)).rejects.toEqual(
      failsWith(
        'E_SECRET_EXPOSED',
        /password can be read by everybody \(mode 644\)/,
        /^chmod 600 .*password$/,
      ),
    );
    chmodSync(join(dir, 'password'), 0o640);
    expect(await readSecret({ file: 'password' }, dir)).toBe('x');
  });

  test.each([
    [{ file: 'gone' }, 'E_SECRET_MISSING', /cannot read the secret file .*gone/, /umask 077/],
    [
      { env: 'BS_TEST_GONE' },
      'E_SECRET_MISSING',
      /environment variable BS_TEST_GONE/,
      /export BS_TEST_GONE=/,
    ],
    [{ file: 'empty' }, 'E_SECRET_EMPTY', /file empty is empty/, /Write/],
  ])('in %j that is not there is told with a remedy', async (ref, code, message, remedy) => {
    writeFileSync(join(dir, 'empty'), '\n', { mode: 0o600 });
    await expect(readSecret(ref, dir)).rejects.toEqual(failsWith(code, message, remedy));
  });
});

describe('a site folder', () => {
  test('is read with its files, relative to it', async () => {
    mkdirSync(join(dir, 'keys'));
    writeFileSync(join(dir, 'keys/bob.pub'), '# of bob\nssh-ed25519 BBBB bob\n\nssh-rsa CCCC bob\n');
    writeFileSync(join(dir, 'site.yaml'), siteText(['AAAA test]', 'AAAA test, { file: keys/bob.pub }]']));
    const loaded = await loadSite(dir);
    expect(loaded).toMatchObject({ dir, file: join(dir, 'site.yaml'), warnings: [] });
    expect(await loaded.readAuthorizedKeys()).toEqual([
      'ssh-ed25519 AAAA test',
      'ssh-ed25519 BBBB bob',
      'ssh-rsa CCCC bob',
    ]);
    vi.stubEnv('SITE_KEY', 'the key');
    expect(await loaded.readSecret(loaded.site.access.privateKey)).toBe('the key');
    await expect(loaded.readFile({ file: 'ca.pem' })).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
  });

  test('warns of secrets in the file and of passwords in the clear, without telling them', async () => {
    const text = siteText(
      ['{ env: BMC_PASSWORD }', '{ inline: hunter2 }'],
      ['{ env: SITE_KEY }', '{ inline: hunter3 }'],
      ['bmc: 10.2.0.11', 'bmc: "http://10.2.0.11"'],
    );
    writeFileSync(join(dir, 'site.yaml'), text);
    const { warnings } = await loadSite(dir);
    expect(warnings).toEqual([
      'access.privateKey stands in site.yaml itself',
      'BMC passwords stand in site.yaml itself: n1, s1',
      'BMC passwords go over the network unencrypted (http): n1',
    ]);
  });

  test('without a site.yaml is told how to get one', async () => {
    await expect(loadSite(dir)).rejects.toEqual(failsWith('E_NO_SITE', /site\.yaml/, /blackstart init/));
  });

  test('names the whole file in its errors', async () => {
    writeFileSync(join(dir, 'site.yaml'), 'site: [');
    await expect(loadSite(dir)).rejects.toThrow(`${dir}/site.yaml:1`);
  });
});

describe('blackstart init', () => {
  test('makes a site that is right, with a key that works and secrets that git ignores', async () => {
    const home = join(dir, 'Hall 3 (new)');
    expect(await initSite(home)).toEqual([
      'site.yaml',
      '.gitignore',
      'secrets/id_ed25519',
      'secrets/id_ed25519.pub',
    ]);
    const loaded = await loadSite(home);
    expect(loaded.site.site).toBe('hall-3-new');
    expect(readFileSync(join(home, '.gitignore'), 'utf8')).toMatch(/^\/secrets\/$/m);
    expect(statSync(join(home, 'secrets/id_ed25519')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'secrets')).mode & 0o777).toBe(0o700);
    const [line = ''] = await loaded.readAuthorizedKeys();
    expect(keyOf(await loaded.readSecret(loaded.site.access.privateKey)).getPublicSSH()).toEqual(
      keyOf(line).getPublicSSH(),
    );
  });

  test('names the schema of this checkout for editors', async () => {
    await initSite(dir, { site: 'named' });
    const [first = ''] = readFileSync(join(dir, 'site.yaml'), 'utf8').split('\n');
    const schema = /^# yaml-language-server: \$schema=(\/.*)$/.exec(first)?.[1] ?? '';
    expect(JSON.parse(readFileSync(schema, 'utf8'))).toHaveProperty('properties.nodes');
  });

  test('never overwrites', async () => {
    await initSite(dir);
    writeFileSync(join(dir, 'site.yaml'), 'mine');
    const key = readFileSync(join(dir, 'secrets/id_ed25519'), 'utf8');
    await expect(initSite(dir)).rejects.toMatchObject({ code: 'E_SITE_EXISTS' });
    expect(readFileSync(join(dir, 'site.yaml'), 'utf8')).toBe('mine');
    expect(readFileSync(join(dir, 'secrets/id_ed25519'), 'utf8')).toBe(key);
  });

  test('its template shows a node that can be uncommented', async () => {
    await initSite(dir);
    const text = readFileSync(join(dir, 'site.yaml'), 'utf8');
    const live = text.replaceAll(/^# ( *(- )?[a-z]+: .*)$/gm, '  $1');
    writeFileSync(join(dir, 'site.yaml'), live);
    expect((await loadSite(dir)).site.nodes).toMatchObject([{ name: 'node-1', serial: 'ABC1234' }]);
  });
});

test('missing secrets of a rehearsal are made once, and never replaced', async () => {
  const text = siteText(
    ['{ env: BMC_PASSWORD }', '{ file: secrets/bmc }'],
    ['{ env: SITE_KEY }', '{ file: secrets/key }'],
    ['ssh-ed25519 AAAA test', '{ file: secrets/key.pub }'],
  );
  writeFileSync(join(dir, 'site.yaml'), text);
  const loaded = await loadSite(dir);
  expect(await createMissingSecrets(loaded.site, dir)).toEqual([
    'secrets/bmc',
    'secrets/key',
    'secrets/key.pub',
  ]);
  const password = await loaded.readSecret({ file: 'secrets/bmc' });
  expect(password.length).toBeGreaterThanOrEqual(20);
  expect(await createMissingSecrets(loaded.site, dir)).toEqual([]);
  expect(await loaded.readSecret({ file: 'secrets/bmc' })).toBe(password);
});

test('an ssh key is one that an independent reader takes, and that signs', () => {
  const made = createSshKey('blackstart@lab');
  const secret = keyOf(made.privateKey);
  expect(secret).toMatchObject({ type: 'ssh-ed25519', comment: 'blackstart@lab' });
  const signature = secret.sign('a message');
  expect(keyOf(made.publicKey).verify('a message', signature)).toBe(true);
  expect(keyOf(createSshKey('other').publicKey).verify('a message', signature)).toBe(false);
});

function keyOf(text: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return [key].flat()[0] as ssh2.ParsedKey;
}
