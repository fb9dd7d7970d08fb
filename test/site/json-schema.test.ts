import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type JsonSchema, keysAt, siteJsonSchema, siteJsonSchemaText } from '../../src/site/json-schema.ts';
import { parseSite } from '../../src/site/parse-site.ts';

const inventory = (path: string) => new URL(`../../inventories/${path}`, import.meta.url);
const EXAMPLE = readFileSync(inventory('example/site.yaml'), 'utf8');

/** Every key that may stand in a site.yaml: `nodes[].bmc.address`, `roles.*.image`, with its description. */
function keysOf(schema: JsonSchema, path = ''): Map<string, string | undefined> {
  const keys = new Map<string, string | undefined>();
  const add = (found: Map<string, string | undefined>) => {
    for (const [key, description] of found) keys.set(key, description ?? keys.get(key));
  };
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    keys.set(here, inner.description);
    add(keysOf(inner, here));
  }
  if (typeof schema.additionalProperties === 'object') add(keysOf(schema.additionalProperties, `${path}.*`));
  if (schema.items) add(keysOf(schema.items, `${path}[]`));
  for (const alternative of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
    add(keysOf(alternative, path));
  return keys;
}

/** The keys that a value uses, by the same spelling. Names in mappings of names count as "*" where the schema says so. */
function keysIn(value: unknown, known: ReadonlySet<string>, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysIn(item, known, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const named = path === '' ? key : `${path}.${key}`;
    const here = known.has(named) ? named : `${path}.*`;
    return [here, ...keysIn(inner, known, here)];
  });
}

test('the schema file for editors is up to date (vitest -u writes it)', async () => {
  await expect(siteJsonSchemaText()).toMatchFileSnapshot(inventory('site.schema.json').pathname);
});

test('every key has a sentence', () => {
  const keys = keysOf(siteJsonSchema());
  expect(keys.size).toBeGreaterThan(100);
  const mute = [...keys]
    .filter(([, description]) => !/^\S.*\.$/s.test(description ?? ''))
    .map(([key]) => key);
  expect(mute).toEqual([]);
});

test('the example is right, and shows every key', () => {
  expect(parseSite(EXAMPLE, 'site.yaml').nodes.length).toBeGreaterThan(1);
  const keys = keysOf(siteJsonSchema());
  const known = new Set(keys.keys());
  // What is used in several places (a secret, a disk's hints) is one schema with one sentence: once is enough.
  const shown = new Set(keysIn(parse(EXAMPLE), known).map((key) => keys.get(key)));
  expect([...keys].filter(([, sentence]) => !shown.has(sentence)).map(([key]) => key)).toEqual([]);
});

test('keys are found through lists, names and alternatives', () => {
  const schema = siteJsonSchema();
  expect(keysAt(schema, ['nodes', 0, 'bmc', 'password'])).toEqual(['file', 'env', 'inline']);
  expect(keysAt(schema, ['networks', 'any', 'dhcp'])).toEqual(
    expect.arrayContaining(['mode', 'pool', 'leaseSeconds', 'via']),
  );
  expect(keysAt(schema, ['nodes', 0, 'name'])).toEqual([]);
});
