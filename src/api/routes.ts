import { STAGES } from '../core/stages.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Commands, PowerAction } from '../operations/commands.ts';

/** What a request carries, as text: path parameters and a flat JSON body. */
export type Words = Readonly<Record<string, string>>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly run: (commands: Commands, words: Words) => Promise<unknown>;
}

/** The whole API: every route is one method of Commands. */
export const ROUTES = {
  seed: { method: 'GET', path: '/v1/seed', run: (c) => c.seed() },
  nodes: { method: 'GET', path: '/v1/nodes', run: (c) => c.nodes() },
  node: { method: 'GET', path: '/v1/nodes/:name', run: (c, w) => c.node(word(w, 'name')) },
  approve: {
    method: 'POST',
    path: '/v1/nodes/:name/approve',
    run: (c, w) => c.approve(word(w, 'name'), word(w, 'by')),
  },
  reject: {
    method: 'POST',
    path: '/v1/nodes/:name/reject',
    run: (c, w) => c.reject(word(w, 'name'), word(w, 'by')),
  },
  power: {
    method: 'POST',
    path: '/v1/nodes/:name/power',
    run: (c, w) => c.power(word(w, 'name'), oneOf(w, 'action', POWER)),
  },
  bootOnce: {
    method: 'POST',
    path: '/v1/nodes/:name/boot-once',
    run: (c, w) =>
      c.bootOnce(word(w, 'name'), {
        what: word(w, 'what'),
        minutes: minutesIn(w),
        now: oneOf(w, 'now', BOOLEANS) === 'true',
        by: word(w, 'by'),
      }),
  },
  cancelBootOnce: {
    method: 'DELETE',
    path: '/v1/nodes/:name/boot-once',
    run: (c, w) => c.cancelBootOnce(word(w, 'name')),
  },
  trace: {
    method: 'GET',
    path: '/v1/trace/:name/:after',
    run: (c, w) => c.trace(word(w, 'name'), Number(word(w, 'after'))),
  },
  machines: { method: 'GET', path: '/v1/trace', run: (c) => c.machines() },
  plan: { method: 'GET', path: '/v1/plan/:to', run: (c, w) => c.plan(oneOf(w, 'to', STAGES)) },
  up: { method: 'POST', path: '/v1/operations/up', run: (c, w) => c.up(oneOf(w, 'to', STAGES)) },
  operation: { method: 'GET', path: '/v1/operations/:id', run: (c, w) => c.operation(Number(word(w, 'id'))) },
  cancel: { method: 'DELETE', path: '/v1/operations/:id', run: (c, w) => c.cancel(Number(word(w, 'id'))) },
  undercloud: {
    method: 'POST',
    path: '/v1/undercloud/:action',
    run: (c, w) => c.undercloud(oneOf(w, 'action', UNDERCLOUD)),
  },
} as const satisfies Record<keyof Commands, Route>;

const BOOLEANS = ['true', 'false'] as const;
const POWER = ['on', 'off', 'cycle', 'status'] as const satisfies readonly PowerAction[];
const UNDERCLOUD = ['up', 'status', 'down'] as const;

function word(words: Words, key: string): string {
  const value = words[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new BlackstartError('E_USAGE', `the request has no "${key}"`, {
    remedy: 'Send it in the path or the JSON body.',
    exitCode: EXIT.usage,
  });
}

/** A day is long enough for any wish. */
function minutesIn(words: Words): number {
  const minutes = Number(word(words, 'minutes'));
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= 1440) return minutes;
  throw new BlackstartError('E_USAGE', `"${words['minutes']}" is no number of minutes`, {
    remedy: 'It is a whole number from 1 to 1440.',
    exitCode: EXIT.usage,
  });
}

function oneOf<T extends string>(words: Words, key: string, allowed: readonly T[]): T {
  const value = word(words, key);
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new BlackstartError('E_USAGE', `"${value}" is no ${key}`, {
    remedy: `It is one of: ${allowed.join(', ')}.`,
    exitCode: EXIT.usage,
  });
}

/** For the client: the path with its parameters filled in. */
export const pathOf = (route: Route, words: Words): string =>
  route.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(words[key] ?? ''));
