import type { BootClient, BootDecision } from '../core/boot.ts';
import { bootPath } from '../core/boot-urls.ts';
import { renderTemplate } from '../render/template.ts';
import { bootArgs } from './boot-args.ts';
import type { BootSegment } from './boot-segment.ts';

/** The iPXE script that carries out a decision of the script stage; null for a machine that is ignored. */
export function bootScript(segment: BootSegment, client: BootClient, decision: BootDecision): string | null {
  const { httpUrl } = segment;
  const reason = oneLine(decision.reason);
  const scriptUrl = httpUrl + bootPath.script(client.arch, client.mac);
  switch (decision.kind) {
    case 'agent':
      return renderTemplate('boot/agent.ipxe.njk', {
        reason,
        scriptUrl,
        kernelUrl: httpUrl + bootPath.agent('kernel'),
        initramfsUrl: httpUrl + bootPath.agent('initramfs'),
        kernelArgs: bootArgs(segment, client, decision),
      });
    case 'chain':
      return renderTemplate('boot/chain.ipxe.njk', { reason, scriptUrl, url: decision.url });
    case 'program':
      return renderTemplate('boot/program.ipxe.njk', {
        reason,
        scriptUrl,
        ...program(decision, segment),
      });
    case 'menu':
      return renderTemplate('boot/menu.ipxe.njk', {
        reason,
        scriptUrl,
        timeoutMs: decision.seconds * 1000,
        entries: decision.entries.map(({ name, title }) => ({ name, title: oneLine(title) })),
      });
    case 'local-disk':
      return renderTemplate('boot/local-disk.ipxe.njk', { reason, form: decision.form });
    case 'ignore':
    case 'tftp':
    case 'http':
    case 'raspberry-pi':
    case 'script':
      return null;
  }
}

const program = (
  { name, files }: Extract<BootDecision, { kind: 'program' }>,
  { httpUrl, deps }: BootSegment,
) => ({
  kind: files.kind,
  url: httpUrl + files.path,
  initrdUrl: files.kind === 'kernel' && files.initrd !== null ? httpUrl + files.initrd : null,
  // memtest86+ takes a kernel's words for its console, and shows itself on a screen only without them.
  args: oneLine(name === 'memtest' ? deps.policy.kernelArgs : files.kind === 'kernel' ? files.args : ''),
});

/** A line break would start a new iPXE command, and `${` a variable. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ').replaceAll('${', '$ {');
