import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policyOf } from '../../src/boot/boot-segment.ts';
import type { Closable } from '../../src/boot/network-boot.ts';
import { createBootApp } from '../../src/boot/serve-http.ts';
import { serveTftp } from '../../src/boot/serve-tftp.ts';
import { type BootDecision, decideBoot } from '../../src/core/boot.ts';
import type { BootIntent } from '../../src/core/boot-node.ts';
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

/** Every decision there can be: each architecture, way of asking, stage, standing of the node and intent. */
function everyDecision(): BootDecision[] {
  const policy = policyOf(aSegment({ artefacts }).segment, '52:54:00:00:00:01');
  const decisions: BootDecision[] = [];
  for (const arch of CLIENT_ARCHS.keys())
    for (const kind of ['PXEClient', 'HTTPClient', 'iPXE'] as const)
      for (const stage of ['dhcp', 'script'] as const)
        for (const approval of [null, 'pending', 'approved', 'rejected'] as const)
          for (const intent of [null, ...INTENTS])
            for (const rejected of ['ignore', 'local-disk'] as const) {
              const asked = approval === null ? null : { ...node, approval };
              decisions.push(
                decideBoot({ arch, kind, stage, mac: MAC }, asked, intent, { ...policy, rejected }, NOW_MS),
              );
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
const urlsIn = (script: string) => script.match(/http:\/\/127\.0\.0\.1:8080\/\S*/g) ?? [];
const pathOf = (url: string) => new URL(url).pathname;

describe('whatever the boot decision names is really served', () => {
  test('there is something to check', () => {
    expect([...tftpFiles].sort()).toEqual(['snponly-arm64.efi', 'snponly.efi', 'undionly.kpxe']);
    expect(urls.size).toBeGreaterThan(5);
  });

  test.each([...tftpFiles])('%s by TFTP', async (file) => {
    expect(Buffer.from(await fetchByTftp(tftp.port, file)).toString()).toBe(file);
  });

  test.each([...urls])('%s by HTTP', async (url) => {
    const app = createBootApp(aSegment({ artefacts, nodes: [node] }).segment);
    const response = await app.inject(pathOf(url));
    // Meant to be missing: an HTTP boot firmware leaves for its local disk at once.
    expect(response.statusCode).toBe(url.endsWith('/local-disk.efi') ? 404 : 200);
    expect(Number(response.headers['content-length'])).toBe(response.rawPayload.length);
  });

  test.each([null, ...INTENTS.filter(({ kind }) => kind !== 'install')])(
    'what the script of intent %o names',
    async (intent) => {
      const nodes = intent ? [node] : [];
      const app = createBootApp(aSegment({ artefacts, nodes, intent: intent && lasting(intent) }).segment);
      const script = await app.inject('/boot/0/52-54-00-99-00-01.ipxe');
      expect(script.body).toMatch(/^#!ipxe\n/);
      // The callback takes POST, and has tests of its own.
      const named = urlsIn(script.body).filter((url) => !url.endsWith('/v1/discovery'));
      expect(named.length).toBeGreaterThanOrEqual(2);
      for (const url of named) expect([url, (await app.inject(pathOf(url))).statusCode]).toEqual([url, 200]);
    },
  );
});
