import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recallServed, rememberServed } from '../../src/operations/served-files.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bs-served-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string) => {
  writeFileSync(join(dir, name), name);
  return join(dir, name);
};
const image = (path: string) => ({
  file: path,
  urlName: 'os.raw',
  sha256: '0'.repeat(64),
  format: 'raw' as const,
});

test('a seed without a past serves nothing yet', async () => {
  expect(await recallServed(dir)).toEqual({ agent: null, images: [], programs: {} });
});

test('what one life served, the next one serves', async () => {
  const served = {
    agent: { kernel: file('kernel'), initramfs: file('initramfs') },
    images: [image(file('os.raw'))],
    programs: { 'shimx64.efi': file('shimx64.efi') },
  };
  await rememberServed(dir, served);
  expect(await recallServed(dir)).toEqual(served);
});

test('what was removed meanwhile is not offered', async () => {
  await rememberServed(dir, {
    agent: { kernel: file('kernel'), initramfs: join(dir, 'gone') },
    images: [image(join(dir, 'gone.raw')), image(file('os.raw')), image(dir)],
    programs: { 'shimx64.efi': join(dir, 'gone.efi') },
  });
  expect(await recallServed(dir)).toEqual({
    agent: null,
    images: [image(join(dir, 'os.raw'))],
    programs: {},
  });
});
