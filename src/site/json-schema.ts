import { z } from 'zod';
import { siteSchema } from './schema.ts';
import type { Path } from './source.ts';

/** As much of JSON Schema (draft 7) as ours uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** The schema of site.yaml for editors: what may be typed, with a sentence for each key. Draft 7, which they all know. */
export function siteJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(siteSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
  return { title: 'Blackstart site.yaml', ...schema } as JsonSchema;
}

/** The text of the file that editors read. */
export const siteJsonSchemaText = (): string => `${JSON.stringify(siteJsonSchema(), null, 2)}\n`;

/** The keys that may stand in the mapping at this path; none where there is no mapping. */
export function keysAt(schema: JsonSchema, path: Path): string[] {
  let here = alternatives(schema);
  for (const part of path) here = here.flatMap((each) => alternatives(step(each, part)));
  return [...new Set(here.flatMap((each) => Object.keys(each.properties ?? {})))];
}

const alternatives = (schema: JsonSchema | null): JsonSchema[] =>
  schema === null
    ? []
    : [schema, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(alternatives)];

function step(schema: JsonSchema, part: PropertyKey): JsonSchema | null {
  if (typeof part === 'number') return schema.items ?? null;
  const key = String(part);
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key] ?? null;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : null;
}
