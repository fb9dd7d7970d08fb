import type { HttpReply, HttpRequest } from '../net/http.ts';
import { type BootSegment, macOf, reportEvent } from './boot-segment.ts';
import type { SecureServing } from './network-boot.ts';
import type { RateLimit } from './rate-limit.ts';

/**
 * A secret file, for the machine that it is meant for and who has the one-time token for it: `/secret/NAME?token=…`,
 * by TLS only. Answers what is refused with 403 and no reason: that is for the trace.
 */
export async function answerSecret(
  request: HttpRequest,
  reply: HttpReply,
  segment: BootSegment,
  secure: SecureServing,
  limit: RateLimit,
): Promise<HttpReply> {
  const address = request.ip;
  const mac = macOf(segment, address);
  const { file } = request.params as { file: string };
  const { token } = request.query as { token?: unknown };
  const report = (decision: string, reason: string, status: number, bytes: number) =>
    reportEvent(segment, {
      stage: 'token',
      decision,
      reason,
      mac,
      address,
      file: request.url,
      status,
      bytes,
    });
  if (!limit.allow(address)) {
    report('refused', 'too many tries', 403, 0);
    return refuse(reply, 403);
  }
  // Two parameters of one name are an array: no token.
  const opened = await open(segment, secure, {
    file,
    token: typeof token === 'string' ? token : '',
    mac,
    address,
  });
  if (opened.kind === 'refused') {
    report(opened.replay ? 'replayed' : 'refused', opened.reason, opened.status, 0);
    return refuse(reply, opened.status);
  }
  report('used', `the ${file} went out, once`, 200, opened.bytes.length);
  return reply
    .header('cache-control', 'no-store')
    .header('content-length', opened.bytes.length)
    .type('application/octet-stream')
    .send(opened.bytes);
}

interface Asked {
  readonly file: string;
  readonly token: string;
  readonly mac: string | null;
  readonly address: string;
}

type Opened =
  | { readonly kind: 'opened'; readonly bytes: Buffer }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly replay: boolean;
      readonly status: 403 | 503;
    };

const refused = (reason: string, status: 403 | 503 = 403): Opened => ({
  kind: 'refused',
  reason,
  replay: false,
  status,
});

/** The address must be leased to a machine of the site, besides the token: neither is enough. */
async function open({ deps }: BootSegment, secure: SecureServing, asked: Asked): Promise<Opened> {
  if (asked.mac === null) return refused(`${asked.address} has no lease from this seed`);
  const node = deps.directory.byMac(asked.mac)?.name;
  if (node === undefined) return refused('the machine is no node of this site');
  try {
    const answer = await secure.openSecret(asked.file, asked.token, node);
    return answer.kind === 'opened' ? answer : { ...answer, status: 403 };
  } catch (error) {
    // Whatever broke, nothing goes out (CVE-2024-47533 let in who came when a file could not be read).
    deps.log.error({ node, file: asked.file, error }, 'secret not opened');
    return refused('the seed could not look it up', 503);
  }
}

const refuse = (reply: HttpReply, status: 403 | 503): HttpReply =>
  reply.code(status).type('text/plain').send('not for you, or not any more\n');
