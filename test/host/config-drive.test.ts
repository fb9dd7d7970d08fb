import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readConfigDrive } from '../../src/rack/fake-config-drive.ts';
import { type ConfigDriveNetwork, renderConfigDrive } from '../../src/render/config-drive.ts';

const noIso = existsSync('/usr/bin/genisoimage') ? null : 'no /usr/bin/genisoimage';
if (noIso) console.log(`skipped, ${noIso}: test/host/config-drive.test.ts`);

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWUga2V5IHRoYXQgb3BlbnMgbm90aGluZw operator';

/** As Ironic makes it: genisoimage -r -J -V config-2, gzip, base64. */
function configDrive(network: ConfigDriveNetwork): string {
  const rendered = renderConfigDrive({
    ...{ hostname: 'm1', fqdn: null, uuid: 'u', user: 'operator', authorizedKeys: [PUBLIC_KEY] },
    ...{ network, userData: null },
  });
  const dir = mkdtempSync(join(tmpdir(), 'bs-iso-'));
  const latest = join(dir, 'content/openstack/latest');
  mkdirSync(latest, { recursive: true });
  writeFileSync(join(latest, 'meta_data.json'), JSON.stringify(rendered.meta_data));
  writeFileSync(join(latest, 'network_data.json'), JSON.stringify(rendered.network_data));
  writeFileSync(join(latest, 'user_data'), rendered.user_data);
  const args = ['-quiet', '-o', 'iso', '-ldots', '-allow-lowercase', '-allow-multidot', '-l'];
  execFileSync('genisoimage', [...args, '-J', '-r', '-V', 'config-2', 'content'], { cwd: dir });
  const iso = execFileSync('cat', ['iso'], { cwd: dir });
  rmSync(dir, { recursive: true });
  return gzipSync(iso).toString('base64');
}

describe.skipIf(noIso)('a config drive as Ironic makes it', () => {
  test('gives the name, the user and the keys', () => {
    const first = readConfigDrive(configDrive({ kind: 'dhcp', mac: '52:54:00:aa:00:01', mtu: null }));
    expect(first).toEqual({
      hostname: 'm1',
      authorizedKeys: new Map([['operator', [PUBLIC_KEY]]]),
      staticNetwork: null,
    });
  });

  test('may give a static address', () => {
    const first = readConfigDrive(
      configDrive({
        ...{ kind: 'static', mac: '52:54:00:aa:00:01', mtu: null },
        ...{ address: '10.77.0.50', prefix: 24, gateway: '10.77.0.1', dns: [] },
      }),
    );
    expect(first.staticNetwork).toEqual({
      address: '10.77.0.50',
      netmask: '255.255.255.0',
      gateway: '10.77.0.1',
    });
  });
});
