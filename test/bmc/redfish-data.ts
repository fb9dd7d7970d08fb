import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { idOf, isObject, type JsonObject, normalPath } from '../../src/bmc/redfish-json.ts';

/** Third-party data, read where it lies; null with a printed reason where it does not. */
export function redfishDataDir(): string | null {
  const data = process.env['BLACKSTART_TEST_DATA'] ?? resolve(import.meta.dirname, '../../../shared/data');
  const dir = join(data, '1-redfish');
  if (existsSync(dir)) return dir;
  console.warn(`skipped: no Redfish data at ${dir} (set BLACKSTART_TEST_DATA)`);
  return null;
}

/** Resources by normalised path, as a BMC would give them. */
export type Tree = ReadonlyMap<string, JsonObject>;

const jsonFilesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort();

/** A walk of a real BMC: `redfish/v1/Systems/1/index.json` is what `/redfish/v1/Systems/1` answered. */
export function walkedTree(dir: string): Tree {
  const tree = new Map<string, JsonObject>();
  for (const file of jsonFilesOf(dir)) {
    const body: unknown = JSON.parse(readFileSync(join(dir, file), 'utf8'));
    if (isObject(body)) tree.set(normalPath(`/${file.replace(/\/?index\.json$/, '')}`), body);
  }
  return tree;
}

/**
 * Loose samples as a tree, each at its own `@odata.id`. Of several for one resource the first counts, unless
 * `prefer` names another; broken files, which are in the data on purpose, are passed over.
 */
export function sampledTree(dir: string, prefer: readonly string[] = []): Tree {
  const tree = new Map<string, JsonObject>();
  const files = jsonFilesOf(dir);
  for (const file of [...prefer, ...files.filter((name) => !prefer.includes(name))]) {
    const body = parseSample(readFileSync(join(dir, file), 'utf8'));
    const id = idOf(body);
    if (body && id?.startsWith('/redfish/') && !tree.has(normalPath(id))) tree.set(normalPath(id), body);
  }
  return tree;
}

function parseSample(text: string): JsonObject | null {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : null;
  } catch {
    return null;
  }
}

const linksTo = (path: string) => ({ '@odata.id': path });

/** A tree with the root and collections that loose samples lack, made from the paths of what is there. */
export function withRoot(tree: Tree, systemPath: string): Tree {
  const root = {
    '@odata.id': '/redfish/v1/',
    Systems: linksTo('/redfish/v1/Systems'),
    Managers: linksTo('/redfish/v1/Managers'),
    UpdateService: linksTo('/redfish/v1/UpdateService'),
  };
  const systems = { '@odata.id': '/redfish/v1/Systems', Members: [linksTo(systemPath)] };
  return new Map([...tree, ['/redfish/v1', root], ['/redfish/v1/systems', systems]]);
}
