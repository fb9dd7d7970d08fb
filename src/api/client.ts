import { existsSync } from 'node:fs';
import { BlackstartError, EXIT, type ExitCode } from '../errors.ts';
import { request } from '../net/request.ts';
import type { Commands } from '../operations/commands.ts';
import { pathOf, ROUTES, type Route, type Words } from './routes.ts';

const CALL_LIMIT_MS = 60_000;

/** Commands of the daemon that listens on this socket, or null when none does. */
export async function connectApi(socketPath: string): Promise<Commands | null> {
  if (!existsSync(socketPath)) return null;
  const commands = apiCommands(socketPath);
  try {
    await commands.seed();
    return commands;
  } catch (error) {
    if (error instanceof BlackstartError && error.code !== 'E_DAEMON_GONE') throw error;
    return null;
  }
}

/** Commands over the socket. A daemon that is not there is E_DAEMON_GONE, so that watchers can wait for its return. */
export function apiCommands(socketPath: string): Commands {
  const call = <T>(route: Route, words: Words = {}) => callRoute<T>(socketPath, route, words);
  return {
    seed: () => call(ROUTES.seed),
    nodes: () => call(ROUTES.nodes),
    node: (name) => call(ROUTES.node, { name }),
    approve: (name, by) => call(ROUTES.approve, { name, by }),
    reject: (name, by) => call(ROUTES.reject, { name, by }),
    power: (name, action) => call(ROUTES.power, { name, action }),
    bootOnce: (name, { what, minutes, now, by }) =>
      call(ROUTES.bootOnce, { name, what, minutes: String(minutes), now: String(now), by }),
    cancelBootOnce: (name) => call(ROUTES.cancelBootOnce, { name }),
    trace: (name, afterId) => call(ROUTES.trace, { name, after: String(afterId) }),
    machines: () => call(ROUTES.machines),
    plan: (to) => call(ROUTES.plan, { to }),
    up: (to) => call(ROUTES.up, { to }),
    operation: (id) => call(ROUTES.operation, { id: String(id) }),
    cancel: (id) => call(ROUTES.cancel, { id: String(id) }),
    undercloud: (action) => call(ROUTES.undercloud, { action }),
  };
}

/** The answer's JSON is our own daemon's, of the same version: its type is the route's. */
async function callRoute<T>(socketPath: string, route: Route, words: Words): Promise<T> {
  const answer = await exchange(socketPath, route, words);
  const body: unknown = JSON.parse(answer.text);
  if (answer.status < 400) return body as T;
  const { code, message, remedy, exitCode } = body as {
    code: string;
    message: string;
    remedy: string;
    exitCode: ExitCode;
  };
  throw new BlackstartError(code, message, { remedy, exitCode });
}

async function exchange(socketPath: string, route: Route, words: Words) {
  try {
    return await request(`http://seed${pathOf(route, words)}`, {
      method: route.method,
      socketPath,
      timeoutMs: CALL_LIMIT_MS,
      ...(route.method === 'POST'
        ? { body: JSON.stringify(words), headers: { 'content-type': 'application/json' } }
        : {}),
    });
  } catch (cause) {
    throw new BlackstartError('E_DAEMON_GONE', `the daemon on ${socketPath} does not answer`, {
      remedy: 'Start it again with "blackstart serve"; what was going on is continued.',
      exitCode: EXIT.failed,
      cause,
    });
  }
}
