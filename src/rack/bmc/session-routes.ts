import type { Bmc, BmcRequest } from './bmc.ts';
import { done, found, missing, type Reply, unauthorized } from './reply.ts';
import type { Resource } from './resource.ts';
import { link } from './system.ts';

export const SESSIONS = '/redfish/v1/SessionService/Sessions';

/** Login (DSP0266 §13.3.4): the token comes in X-Auth-Token, the session to delete at logout in Location. */
export function openSession({ sessions }: Bmc, _request: BmcRequest, body: Resource): Reply {
  const session = sessions.open(body['UserName'], body['Password']);
  if (!session) return unauthorized();
  const headers = { 'X-Auth-Token': session.token, Location: `${SESSIONS}/${session.id}` };
  return { status: 201, body: resource(session.id), headers };
}

export function listSessions({ sessions }: Bmc): Reply {
  const ids = sessions.ids();
  return found({
    '@odata.id': SESSIONS,
    '@odata.type': '#SessionCollection.SessionCollection',
    Name: 'Sessions',
    'Members@odata.count': ids.length,
    Members: ids.map((id) => link(`${SESSIONS}/${id}`)),
  });
}

export function showSession({ sessions }: Bmc, { path }: BmcRequest): Reply {
  return sessions.has(idIn(path)) ? found(resource(idIn(path))) : missing(path);
}

export function closeSession({ sessions }: Bmc, { path }: BmcRequest): Reply {
  return sessions.close(idIn(path)) ? done : missing(path);
}

const idIn = (path: string): string => path.slice(SESSIONS.length + 1);

const resource = (id: string): Resource => ({
  '@odata.id': `${SESSIONS}/${id}`,
  '@odata.type': '#Session.v1_7_0.Session',
  Id: id,
  Name: `Session ${id}`,
});
