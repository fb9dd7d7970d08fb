import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { idOf, isObject, type JsonObject, normalPath } from '../../src/bmc/redfish-json.ts';
import type { Tree } from './redfish-data.ts';

export interface TreeServer {
  readonly url: string;
  /** Every request that came: `GET /redfish/v1/`. */
  readonly requests: string[];
  close(): Promise<void>;
}

const MISSING = JSON.stringify({
  error: { '@Message.ExtendedInfo': [{ MessageId: 'Base.1.0.ResourceMissingAtURI' }] },
});

/** Serves a tree of resources for reading, on loopback. With `expand`, members are inlined for who asks so. */
export async function serveTree(
  tree: Tree,
  options: { readonly expand?: boolean } = {},
): Promise<TreeServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(tree, options.expand ?? false, request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}

function answer(tree: Tree, expand: boolean, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://tree');
  const body = request.method === 'GET' ? tree.get(normalPath(decoded(url.pathname))) : undefined;
  response.setHeader('content-type', 'application/json');
  if (request.method !== 'GET') response.writeHead(405).end();
  else if (!body) response.writeHead(404).end(MISSING);
  else response.end(JSON.stringify(expand && url.searchParams.has('$expand') ? inlined(body, tree) : body));
}

/** A path without its percents; as it is where they are no encoding. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function inlined(body: JsonObject, tree: Tree): JsonObject {
  const members = Array.isArray(body['Members']) ? (body['Members'] as unknown[]) : [];
  const resolve = (member: unknown) =>
    (isObject(member) && tree.get(normalPath(idOf(member) ?? ''))) || member;
  return { ...body, Members: members.map(resolve) };
}
