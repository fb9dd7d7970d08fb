import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policyOf } from '../../src/boot/boot-segment.ts';
import type { Closable } from '../../src/boot/network-boot.ts';
import { createBootApp } from '../../src/boot/serve-http.ts';
import { serveTftp } from '../../src/boot/serve-tftp.ts';
import { type BootClient, type BootDecision, decideBoot } from '../../src/core/boot.ts';
import type { BootIntent } from '../../src/core/boot-node.ts';
import { SECOND_PROGRAMS } from '../../src/core/boot-programs.ts';
import { grubConfigName } from '../../src/core/boot-urls.ts';
import { CLIENT_ARCHS } from '../../src/wire/arch.ts';
import { aNode, INTENTS, NOW_MS } from '../core/boot-samples.ts';
import { aSegment, MAC, someArtefacts } from './a-segment.ts';
import { fetchByTftp } from './tftp-client.ts';

const { folder, artefacts } = someArtefacts();
const node = aNode();
let tftp: Closable & { port: number };

beforeAll(async () => {
  tftp = await serveTftp(aSegment({ artefacts }).segment, 0);
});
afterAll(async () => {
  await tftp.close();
  rmSync(folder, { recursive: true });
});

/** Every one that can ask: each architecture, way of asking, stage, and what can be taken from a menu. */
const CLIENTS: readonly BootClient[] = [...CLIENT_ARCHS.keys()].flatMap((arch) =>
  (['PXEClient', 'HTTPClient', 'iPXE', 'GRUB'] as const).flatMap((kind) =>
    (['dhcp', 'script'] as const).flatMap((stage) =>
      [null, 'default', 'local-disk', 'rescue', 'memtest', 'tool:nic', 'tool:diag', 'tool:cd'].map(
        (chosen) => ({ arch, kind, stage, mac: MAC, chosen }),
      ),
    ),
  ),
);

/** Every decision there can be: each client, standing of the node, intent and choice of the site. */
function everyDecision(): BootDecision[] {
  const policy = policyOf(aSegment({ artefacts }).segment, '52:54:00:00:00:01');
  const decisions: BootDecision[] = [];
  for (const client of CLIENTS)
    for (const approval of [null, 'pending', 'approved', 'rejected'] as const)
      for (const intent of [null, ...INTENTS])
        for (const secureBoot of [false, true])
          for (const menuSeconds of [null, 5])
            for (const rejected of ['ignore', 'local-disk'] as const) {
              const asked = approval === null ? null : { ...node, approval, secureBoot };
              const asks = { ...policy, rejected, secureBoot, menuSeconds };
              decisions.push(decideBoot(client, asked, intent, asks, NOW_MS));
            }
  return decisions;
}

const lasting = (intent: BootIntent): BootIntent =>
  intent.kind === 'undercloud' ? intent : { ...intent, expiresAtMs: Date.now() + 9999 };

const decisions = everyDecision();
const tftpFiles = new Set(decisions.flatMap((decision) => (decision.kind === 'tftp' ? [decision.file] : [])));
const urls = new Set(
  decisions.flatMap((decision) => ('url' in decision && decision.url !== null ? [decision.url] : [])),
);
const programs = new Set(
  decisions.flatMap((decision) => {
    if (decision.kind !== 'program') return [];
    const { files } = decision;
    return files.kind === 'kernel' && files.initrd ? [files.path, files.initrd] : [files.path];
  }),
);
const urlsIn = (script: string) => script.match(/http:\/\/127\.0\.0\.1:8080\/\S*/g) ?? [];
const pathOf = (url: string) => new URL(url).pathname;

describe('whatever the boot decision names is really served', () => {
  test('there is something to check', () => {
    expect([...tftpFiles].sort()).toEqual([
      'shimaa64.efi',
      'shimx64.efi',
      'snponly-arm64.efi',
      'snponly.efi',
      'undionly.kpxe',
    ]);
    expect(urls.size).toBeGreaterThan(5);
    expect([...programs].sort()).toEqual([
      '/boot/memtest.bin',
      '/boot/memtest.efi',
      '/tools/cd.iso',
      '/tools/diag.initrd',
      '/tools/diag.kernel',
      '/tools/nic.efi',
    ]);
  });

  test.each([...tftpFiles, ...Object.values(SECOND_PROGRAMS)])('%s by TFTP', async (file) => {
    expect(Buffer.from(await fetchByTftp(tftp.port, file)).toString()).toBe(file);
  });

  test.each([...programs])('%s by HTTP and by TFTP', async (path) => {
    const app = createBootApp(aSegment({ artefacts }).segment);
    const response = await app.inject(path);
    expect([response.statusCode, response.body]).toEqual([200, path.slice(path.lastIndexOf('/') + 1)]);
    expect(Buffer.from(await fetchByTftp(tftp.port, path)).toString()).toBe(response.body);
  });

  test.each([...urls])('%s by HTTP', async (url) => {
    const app = createBootApp(aSegment({ artefacts, nodes: [node] }).segment);
    const response = await app.inject(pathOf(url));
    // Meant to be missing: an HTTP boot firmware leaves for its local disk at once.
    expect(response.statusCode).toBe(url.endsWith('/local-disk.efi') ? 404 : 200);
    expect(Number(response.headers['content-length'])).toBe(response.rawPayload.length);
  });

  const BOOTING = INTENTS.filter(({ kind }) => !['install', 'tool:none', 'tool:nic'].includes(kind));

  test.each([null, ...BOOTING])('what the script of intent %o names', async (intent) => {
    const nodes = intent ? [node] : [];
    const app = createBootApp(aSegment({ artefacts, nodes, intent: intent && lasting(intent) }).segment);
    const script = await app.inject('/boot/0/52-54-00-99-00-01.ipxe');
    expect(script.body).toMatch(/^#!ipxe\n/);
    // The callback takes POST, and has tests of its own.
    const named = urlsIn(script.body).filter((url) => !url.endsWith('/v1/discovery'));
    expect(named.length).toBeGreaterThanOrEqual(2);
    for (const url of named) expect([url, (await app.inject(pathOf(url))).statusCode]).toEqual([url, 200]);
  });

  test('every entry of the iPXE menu has a script', async () => {
    const app = createBootApp(aSegment({ artefacts, nodes: [node], policy: { menuSeconds: 5 } }).segment);
    const menu = await app.inject('/boot/0/52-54-00-99-00-01.ipxe');
    const entries = [...menu.body.matchAll(/^item (\S+) /gm)].map(([, name]) => name ?? '');
    expect(entries).toEqual(['default', 'local-disk', 'rescue', 'memtest', 'tool:diag', 'tool:cd']);
    for (const entry of entries) {
      const script = await app.inject(`/boot/0/52-54-00-99-00-01.ipxe?entry=${entry}`);
      expect([entry, script.statusCode, script.body.slice(0, 6)]).toEqual([entry, 200, '#!ipxe']);
    }
  });
});

/** Ironic's own words, as its template for iPXE has them. */
const IRONIC_SCRIPT = `#!ipxe
set attempts:int32 10
goto deploy

:deploy
imgfree
kernel http://127.0.0.1:8080/ironic/u1/deploy_kernel selinux=0 text ipa-debug=1 BOOTIF=\${mac} initrd=deploy_ramdisk || goto retry

initrd http://127.0.0.1:8080/ironic/u1/deploy_ramdisk || goto retry
boot
`;

describe('a machine with GRUB gets the same by TFTP alone', () => {
  const FILES = /^\s*(?:linux|initrd|chainloader|configfile) (.*)$/gm;
  const filesIn = (config: string) =>
    [...config.matchAll(FILES)].flatMap(([, words = '']) =>
      words
        .replaceAll(/["']/g, '')
        .split(' ')
        .filter((word) => word.startsWith('/')),
    );

  test.each([null, ...INTENTS.map(lasting)])(
    'intent %o: all that its configuration names is there',
    async (intent) => {
      writeFileSync(
        join(artefacts.ironic?.httpRoot ?? '', 'pxelinux.cfg', '52-54-00-99-00-01'),
        IRONIC_SCRIPT,
      );
      const { segment } = aSegment({ artefacts, nodes: [node], intent, policy: { menuSeconds: 5 } });
      const server = await serveTftp(segment, 0);
      const fetchText = async (path: string) => Buffer.from(await fetchByTftp(server.port, path)).toString();
      try {
        const menu = await fetchText(`${grubConfigName(7, MAC)}.cfg`);
        const configs = filesIn(menu);
        expect(configs.length).toBeGreaterThan(2);
        for (const config of configs) {
          const text = await fetchText(config);
          for (const file of filesIn(text).filter((name) => !name.startsWith('/ironic/')))
            expect((await fetchText(file)).length).toBeGreaterThan(0);
        }
      } finally {
        await server.close();
        writeFileSync(
          join(artefacts.ironic?.httpRoot ?? '', 'pxelinux.cfg', '52-54-00-99-00-01'),
          '#!ipxe\n',
        );
      }
    },
  );

  test('the first configuration leads to the machine’s own', async () => {
    const start = Buffer.from(await fetchByTftp(tftp.port, '/grub/grub.cfg')).toString();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GRUB's own variables
    expect(start).toContain('configfile "/grub/${grub_cpu}/${net_default_mac}.cfg"');
  });
});
