import { createHash } from 'node:crypto';

/** JSON as Redfish resources are made of. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Resource = { readonly [key: string]: Json };

export const isResource = (json: Json | undefined): json is Resource =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** The ETag of what a client can change: a machine that is switched on meanwhile does not void an If-Match. */
export function etagOf(resource: Resource): string {
  const { PowerState: _power, DateTime: _time, ...changeable } = resource;
  return `W/"${createHash('sha256').update(JSON.stringify(changeable)).digest('hex').slice(0, 16)}"`;
}
