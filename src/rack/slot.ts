import type { ServedBmc } from './bmc/serve-bmc.ts';
import type { Machine } from './machine.ts';

/** One slot of the rack: the server and its BMC. */
export interface Slot {
  readonly machine: Machine;
  readonly bmc: ServedBmc;
}
