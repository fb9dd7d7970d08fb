import { type BootEnabled, type BootOverride, type BootTarget, bootTargetsOf } from '../boot-override.ts';
import type { MachineSpec } from '../machine.ts';
import type { Bmc, BmcRequest } from './bmc.ts';
import { done, notWritable, preconditionFailed, type Reply, valueNotInList } from './reply.ts';
import { etagOf, isResource, type Json, type Resource } from './resource.ts';
import { bootModeOf, system } from './system.ts';

const ENABLED: readonly BootEnabled[] = ['Disabled', 'Once', 'Continuous'];

/** Changes the boot override: all of the request or, with the first property at fault named, nothing. */
export function patchSystem(bmc: Bmc, request: BmcRequest, body: Resource): Reply {
  const { machine, faults } = bmc;
  if (!matches(request.headers['if-match'], etagOf(system(machine)))) return preconditionFailed();
  const unknown = Object.keys(body).find((key) => key !== 'Boot');
  if (unknown !== undefined) return notWritable(unknown);
  if (!isResource(body['Boot'])) return notWritable('Boot');
  const patch = readBoot(body['Boot'], machine.spec);
  if ('status' in patch) return patch;
  if (faults.strike(['ignore-boot'])) return done;
  machine.setBoot(patch);
  return done;
}

/** What is to change, or why the request is refused. */
function readBoot(boot: Resource, spec: MachineSpec): Partial<BootOverride> | Reply {
  const patch: { enabled?: BootEnabled; target?: BootTarget } = {};
  for (const [property, value] of Object.entries(boot)) {
    const allowed = allowedValues(property, spec);
    if (!allowed) return notWritable(property);
    if (!allowed.includes(value)) return valueNotInList(property, String(value));
    if (property === 'BootSourceOverrideEnabled') patch.enabled = value as BootEnabled;
    if (property === 'BootSourceOverrideTarget') patch.target = value as BootTarget;
  }
  return patch;
}

function allowedValues(property: string, spec: MachineSpec): readonly Json[] | null {
  switch (property) {
    case 'BootSourceOverrideEnabled':
      return ENABLED;
    case 'BootSourceOverrideTarget':
      return bootTargetsOf(spec.firmware);
    case 'BootSourceOverrideMode':
      return [bootModeOf(spec)];
    default:
      return null;
  }
}

/** Weak and strong forms count as equal, as on the BMCs that sushy knows. */
function matches(ifMatch: string | undefined, etag: string): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  const strong = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifMatch.split(',').some((tag) => strong(tag) === strong(etag));
}
