import type { Bmc, BmcRequest } from './bmc.ts';
import { FAULT_KINDS, type FaultKind } from './fault.ts';
import { done, type Reply, valueNotInList } from './reply.ts';
import type { Resource } from './resource.ts';

/** Rehearsals only, no Redfish: `{"kind": "busy", "count": 2}` breaks this BMC, `{"kind": null}` mends it. */
export function setFault({ faults }: Bmc, _request: BmcRequest, { kind, count }: Resource): Reply {
  if (kind !== null && !isFaultKind(kind)) return valueNotInList('kind', String(kind));
  if (count !== undefined && !isCount(count)) return valueNotInList('count', String(count));
  faults.set(kind === null ? null : { kind, ...(count === undefined ? {} : { count }) });
  return done;
}

const isFaultKind = (value: unknown): value is FaultKind => FAULT_KINDS.some((kind) => kind === value);
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;
