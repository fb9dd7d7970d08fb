import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Machine } from '../machine.ts';
import type { FaultSwitch } from './fault.ts';
import type { Sessions } from './session.ts';

/** One virtual BMC: the machine that it rules, who may ask, and what it does wrong at the moment. */
export interface Bmc {
  readonly machine: Machine;
  readonly sessions: Sessions;
  readonly faults: FaultSwitch;
  readonly clock: Clock;
  readonly log: Log;
}

export interface BmcRequest {
  readonly method: string;
  /** Without query and without a slash at the end. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
