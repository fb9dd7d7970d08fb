import type { HttpReply, HttpRequest } from '../net/http.ts';
import { beginFetch, openArtefact } from './artefact.ts';
import { type BootSegment, macOf, reportEvent } from './boot-segment.ts';
import { fileWithin } from './file-within.ts';
import { ironicStage } from './ironic-stage.ts';
import type { BootEvent } from './network-boot.ts';
import { sendFile } from './send-file.ts';

/** A file that many fetch at once is looked at ten times a second, not for each: system calls are most of what is left. */
const TRUST_MS = 100;

/** Images are streamed: they would drive kernel and ramdisk out of memory. */
const MAX_IMAGE_MEMORY_BYTES = 1024 * 1024;

const nameOf = (request: HttpRequest): string => (request.params as { file: string }).file;

/** `/boot/snponly.efi`: a network boot program, for UEFI HTTP boot. */
export const answerProgram = (request: HttpRequest, reply: HttpReply, segment: BootSegment): Promise<void> =>
  answerFile(
    request,
    reply,
    segment,
    'http program',
    listed(segment.deps.artefacts.programs, nameOf(request)),
  );

/** `/images/NAME`: a whole-disk image or its checksum. */
export const answerImage = (request: HttpRequest, reply: HttpReply, segment: BootSegment): Promise<void> =>
  answerFile(
    request,
    reply,
    segment,
    'image',
    listed(segment.deps.artefacts.images, nameOf(request)),
    MAX_IMAGE_MEMORY_BYTES,
  );

/** `/tools/NAME`: a file of a tool that the site names. */
export const answerTool = (request: HttpRequest, reply: HttpReply, segment: BootSegment): Promise<void> =>
  answerFile(request, reply, segment, 'tool', listed(segment.deps.artefacts.tools, nameOf(request)));

/** `/agent/kernel` and `/agent/initramfs`: the agent's ramdisk. */
export function answerAgentFile(request: HttpRequest, reply: HttpReply, segment: BootSegment): Promise<void> {
  const { agent } = segment.deps.artefacts;
  const name = nameOf(request);
  const stage = name === 'kernel' ? 'kernel' : name === 'initramfs' ? 'ramdisk' : 'http file';
  return answerFile(request, reply, segment, stage, agent ? listed({ ...agent }, name) : null);
}

/** `/ironic/…`: what Ironic has laid out for its machines, and nothing outside. */
export async function answerIronicFile(
  request: HttpRequest,
  reply: HttpReply,
  segment: BootSegment,
): Promise<void> {
  const { ironic } = segment.deps.artefacts;
  const path = (request.params as { '*': string })['*'];
  const file = ironic ? fileWithin(ironic.httpRoot, path, ironic.linkRoots, { trustMs: TRUST_MS }) : null;
  await answerFile(request, reply, segment, ironicStage(path), file);
}

const listed = (files: Readonly<Record<string, string>>, name: string): string | null =>
  Object.hasOwn(files, name) ? (files[name] ?? null) : null;

async function answerFile(
  request: HttpRequest,
  reply: HttpReply,
  segment: BootSegment,
  stage: BootEvent['stage'],
  path: string | null,
  maxMemoryBytes = Number.POSITIVE_INFINITY,
): Promise<void> {
  const startedAtMs = segment.deps.clock.nowMs();
  const address = request.ip; // read now: a closed connection has none
  const file = path === null ? null : await openArtefact(path, { maxMemoryBytes, trustMs: TRUST_MS });
  const report = (decision: string, reason: string, bytes: number) =>
    reportEvent(segment, {
      stage,
      decision,
      reason,
      mac: macOf(segment, address),
      address,
      file: request.url,
      bytes,
      startedAtMs,
      message: request.method === 'GET' ? null : request.method,
      status: reply.raw.statusCode,
    });
  const done = file && beginFetch(file);
  const sent = file && (await sendFile(request, reply, file).finally(() => done?.()));
  if (sent === null) reply.callNotFound();
  if (sent === null) report('not found', 'there is no such file', 0);
  else if (request.method === 'HEAD') report('asked', 'it asked for size and date only', 0);
  else report(sent.partial && sent.how === 'completed' ? 'part' : sent.how, sent.reason, sent.bytes);
}
