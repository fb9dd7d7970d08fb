import { expect, test } from 'vitest';
import { renderNginx } from '../../src/render/nginx.ts';
import { renderPackageCache } from '../../src/render/package-cache.ts';

const view = {
  addresses: ['10.77.0.1', '10.79.0.1'],
  port: 8081,
  images: [{ urlName: 'debian-12-0123.qcow2', file: '/var/cache/black start/image.qcow2' }],
};

test('nginx gets each image by its name, on the provisioning addresses only', () => {
  const text = renderNginx(view);
  expect(text.match(/^ *listen .*$/gm)).toEqual(['  listen 10.77.0.1:8081;', '  listen 10.79.0.1:8081;']);
  expect(text).toContain('location = /images/debian-12-0123.qcow2 {');
  expect(text).toContain('alias "/var/cache/black start/image.qcow2";');
  expect(text.match(/^ *(alias|root|location) /gm)).toHaveLength(3);
});

test.each(['/a"b', '/a$host', '/a\\b', '/a\nb'])(
  'a file name that would mean something to nginx is refused: %j',
  (file) => {
    expect(() => renderNginx({ ...view, images: [{ urlName: 'x.raw', file }] })).toThrow(
      expect.objectContaining({ code: 'E_NGINX_NAME' }),
    );
  },
);

test('the package cache fetches from the site’s mirrors and nowhere else', () => {
  const mirrors = ['http://deb.debian.org/debian', 'http://mirror.example.org/x'];
  const text = renderPackageCache({ dir: '/c', addresses: ['10.77.0.1'], port: 3142, mirrors, proxy: null });
  expect(text.match(/^(BindAddress|ForceManaged|Remap.*?|Proxy|Port): .*$/gm)).toEqual([
    'Port: 3142',
    'BindAddress: 10.77.0.1',
    'ForceManaged: 1',
    'Remap-m0: http://deb.debian.org/debian ; http://deb.debian.org/debian',
    'Remap-m1: http://mirror.example.org/x ; http://mirror.example.org/x',
  ]);
});
