import type { BootClient, BootDecision } from '../core/boot.ts';
import { agentKernelArgs } from '../core/boot-agent-args.ts';
import { bootPath } from '../core/boot-urls.ts';
import { renderTemplate } from '../render/template.ts';
import type { BootSegment } from './boot-segment.ts';

/** The iPXE script that carries out a decision of the script stage; null for a machine that is ignored. */
export function bootScript(
  { httpUrl, network, deps }: BootSegment,
  client: BootClient,
  decision: BootDecision,
): string | null {
  const reason = oneLine(decision.reason);
  const scriptUrl = httpUrl + bootPath.script(client.arch, client.mac);
  switch (decision.kind) {
    case 'agent': {
      const kernelArgs = agentKernelArgs({
        callbackUrl: httpUrl + bootPath.discovery,
        ironicUrl: deps.policy.ironicUrl(network),
        collectors: deps.policy.collectors,
        mac: client.mac,
        extra: [deps.policy.kernelArgs, decision.kernelArgs],
      });
      return renderTemplate('boot/agent.ipxe.njk', {
        reason,
        scriptUrl,
        kernelUrl: httpUrl + bootPath.agent('kernel'),
        initramfsUrl: httpUrl + bootPath.agent('initramfs'),
        kernelArgs: oneLine(kernelArgs),
      });
    }
    case 'chain':
      return renderTemplate('boot/chain.ipxe.njk', { reason, scriptUrl, url: decision.url });
    case 'local-disk':
      return renderTemplate('boot/local-disk.ipxe.njk', { reason, form: decision.form });
    case 'ignore':
    case 'tftp':
    case 'http':
    case 'script':
      return null;
  }
}

/** A line break would start a new iPXE command. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ');
