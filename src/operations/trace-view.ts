import { BlackstartError, EXIT } from '../errors.ts';
import { parseMac } from '../wire/mac.ts';
import type { TraceView } from './commands.ts';
import { POWERING } from './history.ts';
import type { SeedState } from './seed-state.ts';

/** Machines in a list: the newest. */
const LISTED = 200;

/** Everything kept of a node's NICs, or of one MAC address that need not be any node's, after a row. */
export async function traceView(state: SeedState, name: string, afterId: number): Promise<TraceView> {
  const { directory, trace, history, site, clock } = state;
  const mac = parseMac(name);
  const isNode = site.site.nodes.some((candidate) => candidate.name === name);
  if (!isNode && mac === null) throw noSuchMachine(name);
  const node = isNode ? name : directory.nameByMac(mac ?? '');
  const macs = isNode ? directory.macsOf(name) : [mac ?? ''];
  const powerOns = node === null ? [] : history.of(node).filter(({ step }) => step === POWERING);
  return {
    node,
    macs,
    powerOnsMs: powerOns.map(({ atMs }) => atMs),
    nowMs: clock.nowMs(),
    events: macs.length === 0 ? [] : await trace.history(macs, afterId),
  };
}

/** The machines that were seen last, newest first, each with the last thing it did. */
export const machinesSeen = ({ trace }: SeedState) => trace.lastSeen().slice(0, LISTED);

const noSuchMachine = (name: string) =>
  new BlackstartError('E_NO_SUCH_NODE', `"${name}" is neither a node nor a MAC address`, {
    remedy: '"blackstart nodes list" shows the nodes, "blackstart trace" every machine that was seen.',
    exitCode: EXIT.usage,
  });
