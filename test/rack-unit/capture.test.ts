import { expect, test } from 'vitest';
import { bootFilter } from '../../src/rack/capture.ts';

test('a machine is told from the others by its hardware address in the DHCP header', () => {
  const filter = bootFilter('52:54:00:77:00:02', 8080);
  expect(filter).toContain('udp[36:4] = 0x52540077 and udp[40:2] = 0x0002');
  expect(filter).toContain('tcp port 8080');
});

test('HTTP messages are known by their first four letters', () => {
  const filter = bootFilter('52:54:00:77:00:02', 8080);
  for (const letters of ['47455420', '48454144', '504f5354', '48545450'])
    expect(filter).toContain(`= 0x${letters}`);
});
