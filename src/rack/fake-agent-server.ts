import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';
import { run } from '../exec/run.ts';
import type { AgentCommands } from './fake-agent-commands.ts';
import { AgentError } from './fake-agent-error.ts';
import { AGENT_VERSION } from './fake-agent-ironic.ts';
import type { AgentSession } from './fake-agent-session.ts';

export const AGENT_PORT = 9999;

/** The agent's certificate for its own address, as `tls_utils.generate_tls_certificate` makes it: P-384, 90 days. */
export async function makeAgentCertificate(
  dir: string,
  address: string,
): Promise<{ key: string; cert: string }> {
  const [keyFile, certFile] = [join(dir, 'agent.key'), join(dir, 'agent.crt')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-days', '90'],
    ...['-subj', '/CN=localhost', '-addext', `subjectAltName=critical,IP:${address}`],
    ...['-keyout', keyFile, '-out', certFile],
  ]);
  const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')]);
  return { key, cert };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The agent's API (`api/app.py`): `GET /v1/status`, `GET /v1/commands/`, `GET /v1/commands/ID`, `POST /v1/commands/`
 * with `{name, params}`; `?wait=true` answers when the command has ended. Commands need `?agent_token=`.
 */
export async function serveAgent(
  { key, cert }: { key: string; cert: string },
  commands: AgentCommands,
  session: AgentSession,
): Promise<Server> {
  const server = createServer({ key, cert }, (request, response) => {
    void answer(request, commands, session).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(AGENT_PORT, '0.0.0.0');
  await once(server, 'listening');
  return server;
}

async function answer(
  request: IncomingMessage,
  commands: AgentCommands,
  session: AgentSession,
): Promise<Reply> {
  try {
    return { status: 200, body: await route(request, commands, session) };
  } catch (error) {
    const status = error instanceof AgentError ? error.code : 500;
    return { status, body: fault(status, reasonOf(error)) };
  }
}

/** WSME's error format, of which Ironic reads `faultstring`. */
const fault = (status: number, faultstring: string) => ({
  faultcode: status >= 500 ? 'Server' : 'Client',
  faultstring,
});

async function route(
  request: IncomingMessage,
  commands: AgentCommands,
  session: AgentSession,
): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'https://agent');
  const path = url.pathname.replace(/^\/v1(?=\/)/, '');
  if (path === '/status') return { started_at: 0, version: AGENT_VERSION };
  const [, id] = /^\/commands\/(.*)$/.exec(path) ?? [];
  if (id === undefined)
    throw new AgentError('RequestedObjectNotFoundError', 'The requested URL was not found.');
  if (!session.token || url.searchParams.get('agent_token') !== session.token)
    throw new AgentError('Unauthorized', 'Token invalid.');
  const result = request.method === 'POST' ? await execute(request, commands) : id && commands.result(id);
  if (!result) return { commands: commands.results() };
  if (url.searchParams.get('wait')?.toLowerCase() === 'true') await commands.join(result.id);
  return result;
}

async function execute(request: IncomingMessage, commands: AgentCommands) {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof body?.name !== 'string' || typeof body?.params !== 'object')
    throw new AgentError('InvalidCommandParamsError', 'Missing or invalid name or params');
  return commands.execute(body.name, body.params);
}
