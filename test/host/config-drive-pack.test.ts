import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { nodeConfigDrive, packConfigDrive } from '../../src/operations/config-drive.ts';
import { readConfigDrive } from '../../src/rack/fake-config-drive.ts';
import { loadSite } from '../../src/site/load-site.ts';
import { siteText } from '../site/sites.ts';

const folder = mkdtempSync(join(tmpdir(), 'bs-drive-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function driveOf(name: string, seed: string) {
  writeFileSync(join(folder, 'site.yaml'), siteText(['site: small\n', `site: small\n${seed}`]));
  const site = await loadSite(folder);
  const node = site.site.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return nodeConfigDrive({ site, node, uuid: 'a-uuid', bootMac: '52:54:00:00:00:02' });
}

test('a drive that is fetched reads like one that Ironic made, and leaves nothing behind', async () => {
  const work = join(folder, 'work');
  const packed = await packConfigDrive(await driveOf('n2', ''), work);
  const read = readConfigDrive(packed.toString());
  expect([read.hostname, [...read.authorizedKeys]]).toEqual(['n2', [['debian', ['ssh-ed25519 AAAA test']]]]);
  expect(readdirSync(work)).toEqual([]);
});

test('apt is told of the package cache where the site has one', async () => {
  const aptOf = async (seed: string) => parse(String((await driveOf('n2', seed)).user_data)).apt;
  expect(await aptOf('')).toBeUndefined();
  expect(await aptOf('seed: { packageCache: { port: 3143 } }\n')).toEqual({
    preserve_sources_list: true,
    http_proxy: 'http://10.1.0.1:3143',
  });
});
