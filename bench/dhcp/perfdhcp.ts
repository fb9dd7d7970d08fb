import { tryRun } from '../../src/exec/run.ts';
import type { Wire } from '../wire.ts';
import type { LoadResult, LoadShape } from './load.ts';

export const PERFDHCP_PACKAGE = { package: 'kea-admin', program: '/usr/sbin/perfdhcp' } as const;

/** Kea's own load generator. It can only be a relay, and tells no percentiles. */
export async function perfdhcp(wire: Wire, relayed: boolean, shape: LoadShape): Promise<LoadResult> {
  if (!relayed) throw new Error('perfdhcp is a relay, and nothing else');
  const seconds = Math.max(1, Math.round(shape.machines / shape.perSecond));
  const options = ['-4', '-r', `${shape.perSecond}`, '-R', '10000000', '-p', `${seconds}`, '-W', '1'];
  const ends = ['-l', wire.client.address, wire.server.address];
  const command = ['netns', 'exec', wire.client.namespace, PERFDHCP_PACKAGE.program, ...options, ...ends];
  // It ends with 3 when some exchanges were not completed, which is what is counted here.
  const { stdout, stderr } = await tryRun('ip', command, { timeoutMs: (seconds + 60) * 1000 });
  const figures = (name: string) =>
    [...stdout.matchAll(new RegExp(`^${name}: ([0-9.]+)`, 'gm'))].map(captured);
  const [started = 0] = figures('sent packets');
  const [offers = 0, acks = 0] = figures('received packets');
  if (started === 0) throw new Error(`perfdhcp said nothing that can be read: ${stderr || stdout}`);
  return {
    started,
    offers,
    acks,
    duplicates: 0,
    startSeconds: started / shape.perSecond,
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
  };
}

const captured = ([, text]: RegExpMatchArray): number => Number(text);
