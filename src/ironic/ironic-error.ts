import { BlackstartError, EXIT, type ExitCode, reasonOf } from '../errors.ts';

/** Ironic's sentence out of an error's body: `error_message` is JSON, or text of JSON; http_basic has its own form. */
export function faultOf(text: string): string {
  const body = parseOrNull(text);
  const message = field(body, 'error_message') ?? field(field(body, 'error'), 'message');
  const inner = typeof message === 'string' ? (parseOrNull(message) ?? message) : message;
  const fault = field(inner, 'faultstring') ?? field(inner, 'title') ?? inner;
  return typeof fault === 'string' ? fault : text.slice(0, 400);
}

/** The lock that power polling, heartbeats and steps take for a moment. Worth a retry, unlike any other 409. */
export const isNodeLocked = (status: number, fault: string): boolean =>
  status === 409 && /is locked by host/.test(fault);

/** An answer of 400 or more as an error that says what to do. `what` is the request in words: `deploy node lab-1`. */
export function refusedBy(status: number, fault: string, what: string): BlackstartError {
  const rule = RULES.find((candidate) => candidate.status === status && candidate.fault.test(fault));
  const code = rule?.code ?? (status >= 500 ? 'E_IRONIC_FAILED' : 'E_IRONIC_REFUSED');
  const remedy =
    rule?.remedy ??
    (status >= 500
      ? 'This is a fault in Ironic: see its log, named by "blackstart undercloud status".'
      : 'Correct what it names in site.yaml, then run "blackstart up" again.');
  return new BlackstartError(code, `the undercloud would not ${what}: ${fault || `HTTP ${status}`}`, {
    remedy,
    ...(rule?.exitCode === undefined ? {} : { exitCode: rule.exitCode }),
  });
}

interface Rule {
  readonly status: number;
  readonly fault: RegExp;
  readonly code: string;
  readonly remedy: string;
  readonly exitCode?: ExitCode;
}

const RULES: readonly Rule[] = [
  {
    status: 401,
    fault: /./s,
    code: 'E_IRONIC_AUTH',
    remedy:
      'The password in the undercloud\'s folder is not the one it runs with: "blackstart undercloud down", then "up".',
  },
  {
    status: 403,
    fault: /is protected and cannot/,
    code: 'E_IRONIC_PROTECTED',
    remedy: 'Take its protection off in site.yaml (protected, policies.protect) if it really may be wiped.',
    exitCode: EXIT.refused,
  },
  {
    status: 409,
    fault: /is locked by host/,
    code: 'E_IRONIC_LOCKED',
    remedy:
      'The undercloud is working on that node: try again when it has finished, see "blackstart nodes show".',
  },
  {
    status: 409,
    fault: /./s,
    code: 'E_IRONIC_CONFLICT',
    remedy: 'Look at what the undercloud has: "blackstart nodes show NODE".',
  },
  {
    status: 400,
    fault: /can not be performed on node .* while it is in state/,
    code: 'E_IRONIC_STATE',
    remedy: 'The node has moved on meanwhile: run "blackstart up" again, which looks anew.',
  },
  {
    status: 503,
    fault: /./s,
    code: 'E_IRONIC_BUSY',
    remedy:
      'Its workers or its limits (undercloud.limits in site.yaml) are used up: try again when other nodes are through.',
  },
];

/** Nothing usable came back: refused, reset, timed out. */
export const unreachable = (url: string, what: string, cause: unknown): BlackstartError =>
  new BlackstartError(
    'E_IRONIC_UNREACHABLE',
    `could not ${what}: no answer from ${url}: ${reasonOf(cause)}`,
    {
      remedy: '"blackstart undercloud status" says whether it runs and, if not, why.',
      cause,
    },
  );

export const unreadable = (what: string, text: string): BlackstartError =>
  new BlackstartError('E_IRONIC_FAILED', `could not ${what}: the answer is no JSON: ${text.slice(0, 120)}`, {
    remedy: 'Look at which program has that address and port: "ss -ltnp".',
  });

export const tooOld = (feature: string, minor: number): BlackstartError =>
  new BlackstartError(
    'E_IRONIC_VERSION',
    `the undercloud's API is too old for ${feature} (it speaks 1.${minor})`,
    { remedy: 'Upgrade it: "blackstart undercloud up" with this release installs a newer one.' },
  );

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
