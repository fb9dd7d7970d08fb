/**
 * Ironic's provision states, spelled as its API spells them, each with what it means for the machine.
 * From ironic 39 `common/states.py`; `test/host/ironic.test.ts` holds this table against the installed release.
 */
export const PROVISION_STATES = {
  enroll: 'Known to the undercloud, but not yet managed: its BMC has not been verified.',
  verifying: 'The BMC address and password are being tried.',
  manageable: 'The BMC answers; the machine can be inspected and cleaned, but not deployed to.',
  available: 'Clean and ready to be deployed to.',
  active: 'Deployed; it belongs to whoever uses it.',
  deploying: 'The undercloud is writing to its disks or preparing to.',
  'wait call-back': 'The deployment waits for the agent on the machine to call back.',
  'deploy failed': 'The deployment stopped with an error; nothing goes on by itself.',
  'deploy complete': 'The deployment is over; a passing value on the way to active.',
  'deploy hold': 'A deploy step asked to pause; "unhold" goes on.',
  deleting: 'The deployment is being torn down.',
  deleted: 'The tear-down is over; a passing value.',
  cleaning: 'Its disks and settings are being cleaned.',
  'clean wait': 'The cleaning waits for the agent on the machine to call back.',
  'clean failed': 'Cleaning stopped with an error, and the machine is in maintenance; a person decides.',
  'clean hold': 'A clean step asked to pause; "unhold" goes on.',
  error: 'The tear-down failed; "rebuild" or "deleted" tries again.',
  inspecting: 'What the machine is made of is being recorded.',
  'inspect wait': 'The inspection waits for the inventory from the machine.',
  'inspect failed': 'The inspection stopped with an error, or no inventory came.',
  adopting: 'A machine that somebody else deployed is being taken over.',
  'adopt failed': 'Taking over the machine failed.',
  rescue: 'It runs a rescue system, beside the deployed one.',
  rescuing: 'It is being booted into the rescue system.',
  'rescue wait': 'The rescue waits for the rescue system to call back.',
  'rescue failed': 'It could not be booted into the rescue system.',
  unrescuing: 'It is being booted back into the deployed system.',
  'unrescue failed': 'It could not be booted back into the deployed system.',
  servicing: 'A deployed machine is being changed by service steps.',
  'service wait': 'A service step waits for the agent on the machine to call back.',
  'service failed': 'A service step stopped with an error.',
  'service hold': 'A service step asked to pause; "unhold" goes on.',
} as const;

export type ProvisionState = keyof typeof PROVISION_STATES;

/** What a client may ask of a node: the `target` of `PUT /v1/nodes/NODE/states/provision`. */
export const PROVISION_VERBS = {
  manage: 'Verify the BMC, or take the machine back from "available" or a failure.',
  inspect: 'Record what the machine is made of.',
  provide: 'Clean the machine and offer it for deployment.',
  active: 'Deploy: write the image that instance_info names.',
  rebuild: 'Deploy again over a running deployment.',
  deleted: 'Tear the deployment down and clean the machine.',
  clean: 'Run the given clean steps.',
  abort: 'Stop what waits for the machine.',
  adopt: 'Take over a machine that somebody else deployed.',
  rescue: 'Boot the rescue system.',
  unrescue: 'Boot the deployed system again.',
  unhold: 'Go on after a step that paused.',
  service: 'Run the given service steps on a deployed machine.',
} as const;

export type ProvisionVerb = keyof typeof PROVISION_VERBS;

/** What moves a node: a client's verb (`deploy` and `delete` are Ironic's inner names of two), or its own events. */
export type ProvisionEvent =
  | Exclude<ProvisionVerb, 'active' | 'deleted'>
  | 'deploy'
  | 'delete'
  | 'done'
  | 'fail'
  | 'wait'
  | 'resume'
  | 'hold';

/** The event that a verb causes. */
export const eventOf = (verb: ProvisionVerb): ProvisionEvent =>
  verb === 'active' ? 'deploy' : verb === 'deleted' ? 'delete' : verb;

type Moves = Readonly<Partial<Record<ProvisionEvent, ProvisionState>>>;

/** Which event leads from which state to which. From ironic 39 `common/state_machine.py`. */
export const TRANSITIONS: Readonly<Record<ProvisionState, Moves>> = {
  enroll: { manage: 'verifying' },
  verifying: { done: 'manageable', fail: 'enroll' },
  manageable: { inspect: 'inspecting', provide: 'cleaning', clean: 'cleaning', adopt: 'adopting' },
  available: { deploy: 'deploying', manage: 'manageable' },
  active: { rebuild: 'deploying', delete: 'deleting', rescue: 'rescuing', service: 'servicing' },
  deploying: { wait: 'wait call-back', hold: 'deploy hold', done: 'active', fail: 'deploy failed' },
  'wait call-back': {
    resume: 'deploying',
    hold: 'deploy hold',
    fail: 'deploy failed',
    abort: 'deploy failed',
    delete: 'deleting',
  },
  'deploy failed': { rebuild: 'deploying', deploy: 'deploying', delete: 'deleting' },
  'deploy complete': {},
  'deploy hold': { unhold: 'wait call-back', abort: 'deploy failed' },
  deleting: { clean: 'cleaning', fail: 'error' },
  deleted: {},
  cleaning: {
    wait: 'clean wait',
    hold: 'clean hold',
    done: 'available',
    manage: 'manageable',
    fail: 'clean failed',
  },
  'clean wait': { resume: 'cleaning', hold: 'clean hold', fail: 'clean failed', abort: 'clean failed' },
  'clean failed': { manage: 'manageable' },
  'clean hold': { unhold: 'clean wait', abort: 'clean failed' },
  error: { rebuild: 'deploying', delete: 'deleting' },
  inspecting: { wait: 'inspect wait', done: 'manageable', fail: 'inspect failed' },
  'inspect wait': {
    resume: 'inspecting',
    done: 'manageable',
    fail: 'inspect failed',
    abort: 'inspect failed',
  },
  'inspect failed': { inspect: 'inspecting', manage: 'manageable' },
  adopting: { done: 'active', fail: 'adopt failed' },
  'adopt failed': { adopt: 'adopting', manage: 'manageable' },
  rescue: { rescue: 'rescuing', unrescue: 'unrescuing', delete: 'deleting' },
  rescuing: { wait: 'rescue wait', done: 'rescue', fail: 'rescue failed' },
  'rescue wait': {
    resume: 'rescuing',
    fail: 'rescue failed',
    abort: 'rescue failed',
    delete: 'deleting',
  },
  'rescue failed': { rescue: 'rescuing', unrescue: 'unrescuing', delete: 'deleting' },
  unrescuing: { done: 'active', fail: 'unrescue failed' },
  'unrescue failed': { rescue: 'rescuing', unrescue: 'unrescuing', delete: 'deleting' },
  servicing: { wait: 'service wait', hold: 'service hold', done: 'active', fail: 'service failed' },
  'service wait': {
    resume: 'servicing',
    hold: 'service hold',
    fail: 'service failed',
    abort: 'service failed',
    delete: 'deleting',
  },
  'service failed': {
    service: 'servicing',
    rescue: 'rescuing',
    wait: 'service wait',
    hold: 'service hold',
    delete: 'deleting',
    abort: 'active',
  },
  'service hold': {
    service: 'servicing',
    unhold: 'service wait',
    fail: 'service failed',
    abort: 'service failed',
  },
};

// Sets of state names take any string: what an undercloud newer than this table says is in none of them.
const setOf = (...states: readonly ProvisionState[]): ReadonlySet<string> => new Set<string>(states);

/** Something is going on by itself: wait, and ask for nothing. Ironic's UNSTABLE_STATES and its passing values. */
export const BUSY_STATES = setOf(
  'verifying',
  'deploying',
  'wait call-back',
  'deploy complete',
  'deleting',
  'deleted',
  'cleaning',
  'clean wait',
  'inspecting',
  'inspect wait',
  'adopting',
  'rescuing',
  'rescue wait',
  'unrescuing',
  'servicing',
  'service wait',
);

/** Something stopped with an error (`last_error` says which) and stays so until somebody asks for more. */
export const FAILED_STATES = setOf(
  'deploy failed',
  'clean failed',
  'error',
  'inspect failed',
  'adopt failed',
  'rescue failed',
  'unrescue failed',
  'service failed',
);

/** A deployment takes one of `max_concurrent_deploy` in these. */
export const DEPLOYING_STATES = setOf('deploying', 'wait call-back');

/** A cleaning or tear-down takes one of `max_concurrent_clean` in these. */
export const CLEANING_STATES = setOf('cleaning', 'clean wait', 'deleting');

/**
 * What a node is turned to when the conductor that worked on it dies and starts again (ironic 39,
 * `STUCK_STATES_TREATED_AS_FAIL`). The waiting states are not here: they survive, and go on when the agent calls.
 */
export const LOST_WITH_CONDUCTOR: Readonly<Partial<Record<ProvisionState, ProvisionState>>> = {
  deploying: 'deploy failed',
  cleaning: 'clean failed',
  verifying: 'enroll',
  inspecting: 'inspect failed',
  adopting: 'adopt failed',
  rescuing: 'rescue failed',
  unrescuing: 'unrescue failed',
  deleting: 'error',
  servicing: 'service failed',
};

/** Agents may look their node up in these with fast-track on (`FASTTRACK_LOOKUP_ALLOWED_STATES`). */
export const AGENT_LOOKUP_STATES = setOf(
  'enroll',
  'manageable',
  'available',
  'deploying',
  'wait call-back',
  'cleaning',
  'clean wait',
  'inspecting',
  'inspect wait',
  'rescuing',
  'rescue wait',
  'servicing',
  'service wait',
  'service hold',
);

/** What may be asked of a node in this state, in the verbs' order; nothing for a state that is not in the table. */
export function verbsFrom(state: string): ProvisionVerb[] {
  if (!isProvisionState(state)) return [];
  const verbs = Object.keys(PROVISION_VERBS) as ProvisionVerb[];
  const own = IRONICS_OWN[state] ?? [];
  return verbs.filter((verb) => TRANSITIONS[state][eventOf(verb)] !== undefined && !own.includes(verb));
}

/** Events that share a verb's name but are Ironic's own in that state. */
const IRONICS_OWN: Readonly<Partial<Record<ProvisionState, readonly ProvisionVerb[]>>> = {
  cleaning: ['manage'],
  deleting: ['clean'],
};

export const isProvisionState = (text: string): text is ProvisionState =>
  Object.hasOwn(PROVISION_STATES, text);
