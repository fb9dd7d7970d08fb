import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDeb822, parseOneLine, readDebianSources } from '../../src/artefacts/apt-sources.ts';

async function sourcesOf(files: Record<string, string>, components = ['main']): Promise<readonly string[]> {
  const etcApt = await mkdtemp(join(tmpdir(), 'bs-apt-'));
  await mkdir(join(etcApt, 'sources.list.d'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(etcApt, name), text);
  const lines = await readDebianSources('bookworm', components, etcApt);
  await rm(etcApt, { recursive: true });
  return lines;
}

const DEBIAN = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main contrib
`;

test("the host's Debian mirrors are used, each once", async () => {
  const oneLine = 'deb [arch=amd64] http://mirror.example/debian bookworm main contrib # again\n';
  expect(await sourcesOf({ 'sources.list': oneLine, 'sources.list.d/debian.sources': DEBIAN })).toEqual([
    'deb http://mirror.example/debian bookworm main',
    'deb http://mirror.example/debian bookworm-updates main',
    'deb http://mirror.example/debian-security bookworm-security main',
  ]);
});

test.each([
  ['a vendor with the release in its name', 'deb https://packages.example/apt cloud-sdk-bookworm main'],
  ['a vendor with the same suite', 'deb [signed-by=/x.gpg] https://apt.example bookworm main'],
  ['Docker', 'deb https://download.docker.example/linux/debian bookworm stable'],
  ['another release', 'deb http://mirror.example/debian trixie main'],
  ['a source that is off', '# deb http://mirror.example/debian bookworm main'],
])('%s stays out, and Debian has its ordinary name', async (_, line) => {
  expect(await sourcesOf({ 'sources.list.d/vendor.list': `${line}\n` })).toEqual([
    'deb http://deb.debian.org/debian bookworm main',
    'deb http://deb.debian.org/debian bookworm-updates main',
    'deb http://deb.debian.org/debian-security bookworm-security main',
  ]);
});

test("a mirror with Debian's key counts, whatever its path", async () => {
  const line =
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://cache.example/d bookworm main';
  expect(await sourcesOf({ 'sources.list': line })).toEqual(['deb http://cache.example/d bookworm main']);
});

test('real hardware asks for the firmware component', async () => {
  const lines = await sourcesOf({ 'sources.list.d/debian.sources': DEBIAN }, ['main', 'non-free-firmware']);
  expect(lines[0]).toBe('deb http://mirror.example/debian bookworm main non-free-firmware');
});

test('a disabled paragraph and one without deb are no sources', () => {
  expect(
    parseDeb822('Types: deb\nEnabled: no\nURIs: http://a/debian\nSuites: bookworm\nComponents: main\n'),
  ).toEqual([]);
  expect(parseDeb822('Types: deb-src\nURIs: http://a/debian\nSuites: bookworm\nComponents: main\n')).toEqual(
    [],
  );
  expect(parseOneLine('deb-src http://a/debian bookworm main')).toEqual([]);
});
