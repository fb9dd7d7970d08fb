import type { ProcessorDescription } from './bmc.ts';
import { compare, type JsonObject, nameOf, objectAt, positiveAt, textAt } from './redfish-json.ts';
import { isAbsent, type RedfishWalk } from './redfish-walk.ts';

/** Processors of every type that are really there: a socket without one may have a resource too. */
export async function describeProcessors(
  system: JsonObject,
  walk: RedfishWalk,
): Promise<readonly ProcessorDescription[]> {
  const members = await walk.membersAt(system, 'Processors', 'processors');
  const processors = (members ?? []).filter((member) => !isAbsent(member)).map(describeProcessor);
  if (processors.length > 0) return processors.sort((a, b) => compare(a.type, b.type) || compare(a.id, b.id));
  const summary = objectAt(system, 'ProcessorSummary');
  const count = positiveAt(summary, 'Count') ?? 0;
  walk.note('processors', count > 0 ? 'only a summary is given' : 'none is listed');
  const cores = share(positiveAt(summary, 'CoreCount'), count);
  const threads = share(positiveAt(summary, 'LogicalProcessorCount'), count);
  const model = textAt(summary, 'Model');
  return Array.from({ length: count }, (_, index) => ({
    id: `${index + 1}`,
    type: 'CPU',
    model,
    cores,
    threads,
  }));
}

/** One of `count` equal parts; null when they cannot be equal. */
const share = (total: number | null, count: number): number | null =>
  total !== null && total % count === 0 ? total / count : null;

const describeProcessor = (processor: JsonObject): ProcessorDescription => ({
  id: nameOf(processor),
  type: textAt(processor, 'ProcessorType') ?? 'CPU',
  model: textAt(processor, 'Model'),
  cores: positiveAt(processor, 'TotalCores'),
  threads: positiveAt(processor, 'TotalThreads'),
});

/** Memory by the system's summary; where that has none, or 0, the sum of the modules. */
export async function describeMemoryGib(system: JsonObject, walk: RedfishWalk): Promise<number | null> {
  const summed = positiveAt(objectAt(system, 'MemorySummary'), 'TotalSystemMemoryGiB');
  if (summed !== null) return summed;
  const modules = (await walk.membersAt(system, 'Memory', 'memory')) ?? [];
  const mebibytes = modules
    .filter((module) => !isAbsent(module)) // an empty slot may also say 0 or null
    .reduce((sum, module) => sum + (positiveAt(module, 'CapacityMiB') ?? 0), 0);
  if (mebibytes > 0) return mebibytes / 1024;
  walk.note('memory', 'neither the summary nor a module gives a size');
  return null;
}
