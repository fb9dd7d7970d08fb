import { expect, test } from 'vitest';
import { requireHost } from '../../src/artefacts/host-needs.ts';

test('a user without rights is told so before anything else', async () => {
  await expect(requireHost(['mmdebstrap'], { path: '', uid: 1000 })).rejects.toMatchObject({
    code: 'E_NOT_ROOT',
  });
});

test('missing programs are named with the Debian packages that bring them', async () => {
  const missing = requireHost(['mmdebstrap', 'mcopy'], { path: '/nowhere', uid: 0 });
  await expect(missing).rejects.toMatchObject({
    code: 'E_PACKAGE_MISSING',
    message: 'this host has no mmdebstrap, mcopy',
    remedy: expect.stringContaining('apt-get install --no-install-recommends mmdebstrap mtools'),
  });
});

test('a host that has what is needed passes', async () => {
  await expect(requireHost([], { path: '/nowhere', uid: 0 })).resolves.toBeUndefined();
});
