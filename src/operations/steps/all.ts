import type { NodeStep } from '../../core/plan-node.ts';
import { configure } from './configure.ts';
import type { Step } from './context.ts';
import { deploy } from './deploy.ts';
import { enroll } from './enroll.ts';
import { inspect } from './inspect.ts';
import { login } from './login.ts';
import { manage } from './manage.ts';
import { netbootAgain } from './netboot-again.ts';
import { powerOn } from './power-on.ts';
import { protect } from './protect.ts';
import { provide } from './provide.ts';
import { readBmc } from './read-bmc.ts';

/** What each step of a node does. */
export const NODE_STEP_RUNS: Readonly<Record<NodeStep, Step>> = {
  'read-bmc': readBmc,
  'power-on': powerOn,
  enroll,
  manage,
  inspect,
  provide,
  deploy,
  'netboot-again': netbootAgain,
  protect,
  login,
  configure,
};
