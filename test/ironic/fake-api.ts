import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly version: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface Reply {
  readonly status?: number;
  readonly body?: unknown;
}

const VERSIONS = { default_version: { min_version: '1.1', version: '1.115' } };

/** An HTTP server that gives the given answers to everything but `GET /`, and keeps what it was asked. */
export async function serveApi(
  answer: (seen: Seen, count: number) => Reply | 'drop',
  versions: unknown = VERSIONS,
) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => void reply(request, response));
  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/') return void response.end(JSON.stringify(versions));
    const asked: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      version: request.headers['x-openstack-ironic-api-version'] as string | undefined,
      authorization: request.headers.authorization,
      body: await readJson(request),
    };
    seen.push(asked);
    const given = answer(asked, seen.length);
    if (given === 'drop') return void request.socket.destroy();
    const { status = 200, body = '' } = given;
    response.statusCode = status;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? undefined : JSON.parse(text);
}

/** An error as Ironic 39 words it: JSON in a text in JSON. */
export const fault = (status: number, faultstring: string): Reply => ({
  status,
  body: { error_message: JSON.stringify({ faultcode: 'Client', faultstring, debuginfo: null }) },
});

export const LOCKED = fault(
  409,
  'Node lab-1 is locked by host blackstart, please retry after the current operation is completed.',
);
