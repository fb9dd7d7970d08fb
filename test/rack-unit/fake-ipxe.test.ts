import { describe, expect, test } from 'vitest';
import { runIpxe } from '../../src/rack/fake-ipxe.ts';
import { expandSettings } from '../../src/rack/fake-ipxe-script.ts';
import type { IpxeWorld } from '../../src/rack/fake-ipxe-world.ts';

interface WorldOptions {
  readonly scripts?: Record<string, string>;
  readonly images?: readonly string[];
  readonly diskBoots?: boolean;
}

/** A world of named scripts and images; what is not named is a 404. */
function worldOf({ scripts = {}, images = [], diskBoots = false }: WorldOptions = {}) {
  const seen = { printed: [] as string[], sleptSeconds: 0, fetched: [] as string[] };
  const world: IpxeWorld = {
    settings: new Map([
      ['mac', '52:54:00:aa:00:01'],
      ['net0/mac', '52:54:00:aa:00:01'],
      ['platform', 'efi'],
    ]),
    fetchScript: async (url) => {
      seen.fetched.push(url);
      return scripts[url] ?? null;
    },
    fetchImage: async (url) => {
      seen.fetched.push(url);
      return images.includes(url);
    },
    canBootDisk: () => diskBoots,
    sleep: async (seconds) => {
      seen.sleptSeconds += seconds;
    },
    print: (line) => seen.printed.push(line),
  };
  return { world, seen };
}

const run = (text: string, options: WorldOptions = {}) => {
  const { world, seen } = worldOf(options);
  return runIpxe(`#!ipxe\n${text}`, 'http://seed/boot/a.ipxe', world).then((end) => ({ end, seen }));
};

describe('settings', () => {
  test.each([
    ['$' + '{mac:hexhyp}.ipxe', '52-54-00-aa-00-01.ipxe'],
    ['$' + '{mac:hexraw}', '525400aa0001'],
    ['$' + '{net$' + '{n}/mac}', '52:54:00:aa:00:01'],
    ['$' + '{unknown}', ''],
    ['plain', 'plain'],
  ])('%s is %s', (word, value) => {
    const settings = new Map([
      ['mac', '52:54:00:aa:00:01'],
      ['net0/mac', '52:54:00:aa:00:01'],
      ['n', '0'],
    ]);
    expect(expandSettings(word, settings)).toBe(value);
  });
});

test('boots a kernel with its arguments and its ramdisk', async () => {
  const script =
    'kernel http://seed/k initrd=r BOOTIF=$' +
    '{mac} || goto failed\ninitrd --name r /i || goto failed\nboot';
  const { end } = await run(script, { images: ['http://seed/k', 'http://seed/i'] });
  expect(end).toEqual({
    kind: 'kernel',
    url: 'http://seed/k',
    args: ['initrd=r', 'BOOTIF=52:54:00:aa:00:01'],
    initrds: ['http://seed/i'],
  });
});

test('a download that fails takes the way after ||', async () => {
  const { end, seen } = await run(
    'kernel http://seed/k || goto failed\nboot\n:failed\necho no kernel\nexit 1',
  );
  expect(end).toEqual({ kind: 'exit', code: 1 });
  expect(seen.printed).toEqual(['no kernel']);
});

test('a line that fails without || ends the script', async () => {
  const { end, seen } = await run('kernel http://seed/k\necho not reached');
  expect(end).toEqual({ kind: 'exit', code: 1 });
  expect(seen.printed).toEqual([]);
});

test("&& runs only after a success, and || at a line's end forgives", async () => {
  const { end, seen } = await run(
    'iseq a a && echo equal ||\niseq a b && echo different ||\nisset $' + '{mac} && echo set ||',
  );
  expect(end).toEqual({ kind: 'exit', code: 0 });
  expect(seen.printed).toEqual(['equal', 'set']);
});

test('a chained script comes back after exit 0, and fails with exit 1', async () => {
  const scripts = {
    'http://seed/boot/in.ipxe': '#!ipxe\nexit 0',
    'http://seed/boot/bad.ipxe': '#!ipxe\nexit 1',
  };
  const { seen } = await run('chain in.ipxe\necho back\nchain bad.ipxe || echo failed', { scripts });
  expect(seen.printed).toEqual(['back', 'failed']);
});

test('chain --replace takes the place of its script, however often', async () => {
  const url = 'http://seed/boot/again.ipxe';
  let left = 20;
  const { world, seen } = worldOf({ diskBoots: true });
  const again = `#!ipxe\nsleep 10\nchain --replace --autofree ${url} || exit 1`;
  const counting: IpxeWorld = {
    ...world,
    fetchScript: async () => (left-- > 0 ? again : '#!ipxe\nsanboot --no-describe --drive 0x80'),
  };
  expect(await runIpxe(again, url, counting)).toEqual({ kind: 'disk' });
  expect(seen.sleptSeconds).toBe(210);
});

test('scripts that chain each other without end hang', async () => {
  const url = 'http://seed/boot/loop.ipxe';
  const { end } = await run(`chain ${url}`, { scripts: { [url]: `#!ipxe\nchain ${url}` } });
  expect(end.kind).toBe('hang');
});

test('a loop in one script hangs', async () => {
  const { end } = await run(':top\ngoto top');
  expect(end.kind).toBe('hang');
});

test("follows Ironic's retries: ten of them, then off", async () => {
  const script = [
    'set attempts:int32 10',
    'set i:int32 0',
    'goto deploy',
    ':deploy',
    'imgfree',
    'kernel http://seed/k selinux=0 || goto retry',
    'boot',
    ':retry',
    'iseq $' + '{i} $' + '{attempts} && goto fail ||',
    'inc i',
    'sleep $' + '{i}',
    'goto deploy',
    ':fail',
    'sleep 30',
    'poweroff',
  ].join('\n');
  const { end, seen } = await run(script);
  expect(end).toEqual({ kind: 'poweroff' });
  expect(seen.fetched).toHaveLength(11);
  expect(seen.sleptSeconds).toBe(55 + 30);
});

test('what is no iPXE script fails', async () => {
  const { world } = worldOf();
  expect(await runIpxe('<html>', 'http://seed/', world)).toEqual({ kind: 'exit', code: 1 });
});
