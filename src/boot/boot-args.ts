import { agentKernelArgs, rescueKernelArgs } from '../core/boot-agent-args.ts';
import type { BootClient, BootDecision } from '../core/boot-decision.ts';
import { bootPath } from '../core/boot-urls.ts';
import type { BootSegment } from './boot-segment.ts';

/** The ramdisk's kernel command line, for whatever boot loader starts it. On one line: a break would be a command. */
export function bootArgs(
  { httpUrl, network, deps }: BootSegment,
  { mac }: BootClient,
  decision: Extract<BootDecision, { kind: 'agent' }>,
): string {
  const { policy } = deps;
  const extra = [policy.kernelArgs, decision.kernelArgs];
  const args =
    decision.purpose === 'rescue'
      ? rescueKernelArgs({ keysUrl: httpUrl + bootPath.rescueKeys, mac, extra })
      : agentKernelArgs({
          callbackUrl: httpUrl + bootPath.discovery,
          ironicUrl: policy.ironicUrl(network),
          collectors: policy.collectors,
          mac,
          extra,
        });
  return args.replaceAll(/[\r\n]+/g, ' ');
}
