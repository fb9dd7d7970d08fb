import { BlackstartError } from '../errors.ts';
import { bad, ok, type Result } from '../result.ts';
import { actionAt } from './redfish-client.ts';
import {
  idOf,
  type JsonObject,
  lastOf,
  linkAt,
  nameOf,
  objectAt,
  positiveAt,
  sameResource,
} from './redfish-json.ts';
import type { RedfishWalk } from './redfish-walk.ts';

/**
 * The ComputerSystem to manage, or why there is none. Throws E_BMC_SYSTEM when several would do: guessing would
 * power off somebody else's machine.
 */
export async function findSystem(
  root: JsonObject,
  systemId: string | null,
  walk: RedfishWalk,
  host: string,
): Promise<Result<JsonObject>> {
  const systems = await walk.membersAt(root, 'Systems', 'system');
  if (!systems) return bad('it shows no list of systems');
  const chosen =
    systemId === null ? chooseSystems(systems) : systems.filter((system) => isNamed(system, systemId));
  const [system, ...others] = chosen;
  if (!system) {
    const shown = systems.map(nameOf).join(', ') || 'none';
    return bad(
      systemId === null
        ? 'its list of systems is empty'
        : `it has no system "${systemId}"; it shows: ${shown}`,
    );
  }
  if (others.length > 0) throw severalSystems(host, chosen);
  return ok(system);
}

const isNamed = (system: JsonObject, systemId: string): boolean => {
  const path = idOf(system) ?? '';
  return nameOf(system) === systemId || lastOf(path) === systemId || sameResource(path, systemId);
};

/** Lists hold more than servers: a GPU baseboard with no CPU count, a `Capabilities` template without actions. */
export function chooseSystems(systems: readonly JsonObject[]): readonly JsonObject[] {
  const best = Math.max(...systems.map(serverLikeness));
  return systems.filter((system) => serverLikeness(system) === best);
}

function serverLikeness(system: JsonObject): number {
  if (!actionAt(system, '#ComputerSystem.Reset')) return 0;
  if (positiveAt(objectAt(system, 'ProcessorSummary'), 'Count') !== null) return 3;
  return linkAt(system, 'Processors') === null ? 1 : 2;
}

const severalSystems = (host: string, systems: readonly JsonObject[]) =>
  new BlackstartError('E_BMC_SYSTEM', `the BMC at ${host} manages ${systems.length} servers`, {
    remedy: `Name this node's one as bmc.systemId in site.yaml: ${systems.map(nameOf).join(', ')}.`,
  });
