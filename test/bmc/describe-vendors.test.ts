import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openBmc } from '../../src/bmc/open-bmc.ts';
import { printDescription } from './print-description.ts';
import { redfishDataDir, sampledTree, type Tree, walkedTree, withRoot } from './redfish-data.ts';
import { serveTree } from './serve-tree.ts';

const dir = redfishDataDir() ?? '';
const GOLDEN = join(import.meta.dirname, '../golden/redfish');

const walked = (name: string) => walkedTree(join(dir, name));
const sampled = (name: string, prefer: readonly string[] = []) => sampledTree(join(dir, name), prefer);

/** One Supermicro server with the network cards of one of the samples. */
const supermicro = (nics: string) => {
  const files = readdirSync(join(dir, 'supermicro-bmclib', nics)).map((file) => `${nics}/${file}`);
  return sampled('supermicro-bmclib', ['serviceroot.json', 'systems_1.json', ...files]);
};

/** Every tree in the data from which a client can start at all, and how it is put together. */
const TREES: Readonly<Record<string, () => Tree>> = {
  'dell-r750-idrac9': () => walked('dell-r750-idrac9'),
  'gigabyte-ami-megarac': () => walked('gigabyte-ami-megarac'),
  'hpe-cray-ex235a-nc': () => walked('hpe-cray-ex235a-nc'),
  'hpe-dl325-ilo5': () => walked('hpe-dl325-ilo5'),
  'nvidia-bluefield-openbmc': () => walked('nvidia-bluefield-openbmc'),
  'openbmc-stock': () => walked('openbmc-stock'),
  'openstack-sushy': () => sampled('openstack-sushy', ['json_samples/root.json', 'json_samples/system.json']),
  'supermicro-aoc': () => supermicro('smc_aoc'),
  'supermicro-disabled-function': () => supermicro('smc_aoc_disabled_function'),
  'supermicro-id-collision': () => supermicro('smc_aoc_id_collision'),
  'supermicro-nics-by-prefix': () => supermicro('smc_aoc_prefix'),
  'supermicro-x12': () =>
    sampled('supermicro-bmclib', [
      'smc_1.14.0_serviceroot.json',
      'smc_1.14.0_systems.json',
      'smc_1.14.0_systems_1.json',
    ]),
  'lenovo-xcc': () => sampled('lenovo-bmclib', ['system.lenovo.json']),
  'lenovo-other-vendor': () => sampled('lenovo-bmclib', ['system.nonlenovo.json']),
  'gofish-generic': () => withRoot(sampled('gofish'), '/redfish/v1/Systems/System-1'),
  'gofish-ami-quanta': () => withRoot(sampled('gofish'), '/redfish/v1/Systems/System_0'),
  'gofish-dell-r570': () => withRoot(sampled('gofish'), '/redfish/v1/Systems/System.Embedded.1'),
};

async function describeTree(tree: Tree, options: { readonly expand?: boolean } = {}) {
  const server = await serveTree(tree, options);
  try {
    const bmc = openBmc({
      protocol: 'redfish',
      url: server.url,
      username: 'u',
      password: 'p',
      verifyTls: true,
    });
    return { description: await bmc.describe(), requests: server.requests };
  } finally {
    await server.close();
  }
}

describe.skipIf(dir === '')('what vendors’ BMCs tell (reads BLACKSTART_TEST_DATA)', () => {
  test.each(Object.keys(TREES))('%s', async (name) => {
    const { description } = await describeTree(TREES[name]?.() ?? new Map());
    await expect(printDescription(description)).toMatchFileSnapshot(join(GOLDEN, `${name}.txt`));
  });

  test('nothing is asked twice, and nothing but GET after the login was refused', async () => {
    const { requests } = await describeTree(walked('dell-r750-idrac9'));
    const asked = requests.filter((request) => request.startsWith('GET') && !request.includes('$expand'));
    expect(new Set(asked).size).toBe(asked.length);
    expect(requests.filter((request) => !request.startsWith('GET'))).toEqual([
      'POST /redfish/v1/SessionService/Sessions',
    ]);
  });

  test('a BMC that inlines members is asked far less, and tells the same', async () => {
    const tree = walked('dell-r750-idrac9');
    const [plain, expanded] = [await describeTree(tree), await describeTree(tree, { expand: true })];
    expect({ ...expanded.description, missing: [] }).toEqual({ ...plain.description, missing: [] });
    expect(expanded.requests.length).toBeLessThan(plain.requests.length / 2);
  });

  test('no lie in a tree makes describe throw', async () => {
    const lies = fc.oneof(
      fc.constantFrom(null, [], {}, '', 'Not Available', -1, '#/', '//x'),
      fc.jsonValue(),
    );
    const trees = ['gigabyte-ami-megarac', 'nvidia-bluefield-openbmc', 'hpe-dl325-ilo5'].map(walked);
    const anyTree = fc.constantFrom(...trees);
    const anyLies = fc.array(fc.tuple(fc.nat(), fc.nat(), lies), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(anyTree, anyLies, async (tree, changes) => {
        const { description } = await describeTree(withLies(tree, changes));
        expect(Array.isArray(description.missing)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** The tree with properties of resources replaced, chosen by number; never the root, without which nothing starts. */
function withLies(tree: Tree, changes: readonly (readonly [number, number, unknown])[]): Tree {
  const lying = new Map(tree);
  const paths = [...tree.keys()].filter(
    (path) => path.startsWith('/redfish/v1/') && /systems|chassis|managers/.test(path),
  );
  for (const [pathNumber, keyNumber, value] of changes) {
    const path = paths[pathNumber % paths.length] ?? '';
    const body = lying.get(path) ?? {};
    const keys = Object.keys(body);
    lying.set(path, { ...body, [keys[keyNumber % keys.length] ?? 'Id']: value });
  }
  return lying;
}
