import { reasonOf } from '../../errors.ts';
import { RESET_TYPES, type ResetType } from '../machine.ts';
import { decideReset } from '../reset.ts';
import type { Bmc, BmcRequest } from './bmc.ts';
import { done, internalError, parameterNotInList, poweredOff, type Reply } from './reply.ts';
import type { Resource } from './resource.ts';

/** The action ComputerSystem.Reset: answered when the power has changed, or when the system was asked to. */
export async function resetSystem(bmc: Bmc, _request: BmcRequest, body: Resource): Promise<Reply> {
  const { machine, faults, log } = bmc;
  const type = body['ResetType'] ?? 'On'; // an absent parameter is the implementation's choice (DSP0266 §7.12)
  if (!isResetType(type)) return parameterNotInList('ComputerSystem.Reset', 'ResetType', String(type));
  if (decideReset(type, machine.powerState()) === 'refuse') return poweredOff();
  if (faults.strike(['ignore-power'])) return done;
  try {
    await machine.reset(type);
    return done;
  } catch (error) {
    log.error({ machine: machine.spec.name, reason: reasonOf(error) }, 'reset failed');
    return internalError(reasonOf(error));
  }
}

const isResetType = (value: unknown): value is ResetType => RESET_TYPES.some((type) => type === value);
