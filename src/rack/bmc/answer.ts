import { bad, ok, type Result } from '../../result.ts';
import { setFault } from './ask-fault.ts';
import type { Bmc, BmcRequest } from './bmc.ts';
import { inventory } from './inventory.ts';
import { patchSystem } from './patch-system.ts';
import { found, malformed, missing, notAllowed, type Reply, unauthorized } from './reply.ts';
import { resetSystem } from './reset-system.ts';
import { etagOf, isResource, type Json, type Resource } from './resource.ts';
import { closeSession, listSessions, openSession, SESSIONS, showSession } from './session-routes.ts';
import { surroundings } from './surroundings.ts';
import { bios, RESET_ACTION, resetActionInfo, SYSTEM, system } from './system.ts';

type Serve = (bmc: Bmc, request: BmcRequest, body: Resource) => Reply | Promise<Reply>;

/** What changes something, or is not one fixed resource. All else is a GET of a resource. */
const ROUTES: readonly { method: string; path: RegExp; serve: Serve }[] = [
  { method: 'POST', path: exactly(SESSIONS), serve: openSession },
  { method: 'GET', path: exactly(SESSIONS), serve: listSessions },
  { method: 'GET', path: below(SESSIONS), serve: showSession },
  { method: 'DELETE', path: below(SESSIONS), serve: closeSession },
  { method: 'PATCH', path: exactly(SYSTEM), serve: patchSystem },
  { method: 'POST', path: exactly(RESET_ACTION), serve: resetSystem },
  { method: 'POST', path: exactly('/rack/faults'), serve: setFault },
];

/** What this BMC answers. Only the service root and the opening of a session ask for no login (DSP0266 §13.3). */
export async function answer(bmc: Bmc, request: BmcRequest): Promise<Reply> {
  if (!isOpen(request) && !bmc.sessions.admits(request.headers)) return unauthorized();
  const body = readBody(request.body);
  if (!body.ok) return malformed(body.reason);
  const here = ROUTES.filter(({ path }) => path.test(request.path));
  const route = here.find(({ method }) => method === request.method);
  if (route) return route.serve(bmc, request, body.value);
  const resource = resourcesOf(bmc).find((each) => slashless(String(each['@odata.id'])) === request.path);
  if (!resource && here.length === 0) return missing(request.path);
  if (!resource || request.method !== 'GET') return notAllowed(request.method, request.path);
  return { ...found(resource), headers: { ETag: etagOf(resource) } };
}

const resourcesOf = ({ machine, clock }: Bmc): readonly Resource[] => [
  ...surroundings(machine, clock.nowMs()),
  system(machine),
  resetActionInfo,
  bios(machine),
  ...inventory(machine),
];

const isOpen = ({ method, path }: BmcRequest): boolean =>
  method === 'GET' ? path === '/redfish' || path === '/redfish/v1' : method === 'POST' && path === SESSIONS;

const slashless = (path: string): string => path.replace(/\/$/, '');

function exactly(path: string): RegExp {
  return new RegExp(`^${path}$`);
}

function below(path: string): RegExp {
  return new RegExp(`^${path}/[^/]+$`);
}

/** No body is an empty object. */
function readBody(text: string): Result<Resource> {
  if (text.trim() === '') return ok({});
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch {
    return bad('it is not JSON');
  }
  return isResource(json) ? ok(json) : bad('it is not a JSON object');
}
