import { parseScriptPath } from '../core/boot-urls.ts';
import type { HttpReply, HttpRequest } from '../net/http.ts';
import { renderTemplate } from '../render/template.ts';
import { bootScript } from './boot-script.ts';
import { type BootSegment, decide, findNode, reportEvent, uuidOf } from './boot-segment.ts';

/** The script of one machine: asks the boot decision again, since minutes may lie between DHCP and here. */
export function answerScript(request: HttpRequest, reply: HttpReply, segment: BootSegment): HttpReply {
  const { arch, file } = request.params as { arch: string; file: string };
  const asked = parseScriptPath(arch, file);
  if (!asked) return sendText(reply.code(404), 'no architecture and MAC address\n');
  const client = { ...asked, kind: 'iPXE', stage: 'script', chosen: chosenOf(request) } as const;
  const node = findNode(segment.deps, asked.mac, uuidOf(segment.all, asked.mac));
  const decision = decide(segment, client, node);
  const script = bootScript(segment, client, decision);
  if (request.method === 'GET')
    reportEvent(segment, {
      stage: 'script',
      decision: decision.kind,
      reason: decision.reason,
      mac: asked.mac,
      address: request.ip,
      file: request.url,
      arch: asked.arch,
      status: script === null ? 404 : 200,
    });
  if (script === null) return sendText(reply.code(404), `${decision.reason}\n`);
  return sendText(reply, script);
}

/** What a person took from the menu, as in `?entry=rescue`. */
function chosenOf({ query }: HttpRequest): string | null {
  const entry = typeof query === 'object' && query !== null && 'entry' in query ? query.entry : null;
  return typeof entry === 'string' ? entry : null;
}

/** The script for iPXE that came by another DHCP server. */
export const answerAnyScript = (reply: HttpReply, { httpUrl }: BootSegment): HttpReply =>
  sendText(reply, renderTemplate('boot/any.ipxe.njk', { httpUrl }));

/** A fixed Content-Length, never chunks: some EFI builds of iPXE take nothing else. */
const sendText = (reply: HttpReply, text: string): HttpReply =>
  reply.type('text/plain').header('content-length', Buffer.byteLength(text)).send(text);
