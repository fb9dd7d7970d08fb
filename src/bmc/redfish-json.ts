/** A JSON object from a BMC: nothing in it can be trusted to have the type that the schema says. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object, or an empty one for anything else, so that `objectAt(x, 'a')['b']` never throws. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

/** The objects of a list; of a single object where a list was due (ExtendedInfo of some BMCs), that one. */
export function objectsAt(parent: JsonObject, key: string): readonly JsonObject[] {
  const value = parent[key];
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

/** The strings of a list, or null when there is no list. */
export function textsAt(parent: JsonObject, key: string): readonly string[] | null {
  const value = parent[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}

/** What vendors write when they have nothing to say, seen on Supermicro, Dell, Gigabyte and Cray machines. */
const PLACEHOLDER =
  /^(|-+|\.+|\*+|none|null|undefined|unknown|n\/?a|not (specified|available|applicable|present)|default string|system serial number|to be filled by o\.?e\.?m\.?|0123456789\w*)$/i;

/** A text without its padding; null for anything else and for a placeholder. */
export function textAt(parent: JsonObject, key: string): string | null {
  const value = parent[key];
  if (typeof value !== 'string') return null;
  const text = value.replaceAll(/\s+/g, ' ').trim();
  return PLACEHOLDER.test(text) ? null : text;
}

/** A number, also one in quotes (`"MaxSpeedMHz": "4000"`). */
export function numberAt(parent: JsonObject, key: string): number | null {
  const value = parent[key];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** A count or size, where a BMC that does not know says 0. */
export function positiveAt(parent: JsonObject, key: string): number | null {
  const number = numberAt(parent, key);
  return number !== null && number > 0 ? number : null;
}

/** The path of a resource or of a reference to it: `{"@odata.id": path}`. */
export function idOf(resource: unknown): string | null {
  const id = isObject(resource) ? resource['@odata.id'] : undefined;
  return typeof id === 'string' && id !== '' ? id : null;
}

/** `{"Systems": {"@odata.id": path}}` → path; some BMCs write the bare path. */
export function linkAt(parent: JsonObject, key: string): string | null {
  const value = parent[key];
  return typeof value === 'string' && value.startsWith('/') ? value : idOf(value);
}

/** Paths that differ only by case or a trailing slash are one resource: iLO 5 and Dell answer with other ids than asked. */
export const normalPath = (path: string): string => path.toLowerCase().replace(/\/+(?=$|#|\?)/, '');

export const sameResource = (a: string, b: string): boolean => normalPath(a) === normalPath(b);

/** What an inlined member of a collection has and a bare reference has not. */
export const isInlined = (member: JsonObject): boolean => 'Id' in member || '@odata.type' in member;

/** The last part of a path, to name a resource in a sentence. */
export const lastOf = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? path;

/** A resource's own name for itself, else the last part of its path. */
export const nameOf = (resource: JsonObject): string =>
  textAt(resource, 'Id') ?? textAt(resource, 'MemberId') ?? lastOf(idOf(resource) ?? '?');

/** An order that does not depend on the order in which a BMC happens to list things. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
