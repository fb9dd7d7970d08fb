import { readFile } from 'node:fs/promises';
import type { BootClient, BootDecision } from '../core/boot-decision.ts';
import type { BootFiles } from '../core/boot-tool.ts';
import { bootPath, grubConfigName } from '../core/boot-urls.ts';
import { grubKernelArgs, grubWord } from '../core/grub-words.ts';
import { readIronicScript } from '../core/ironic-boot-script.ts';
import { renderTemplate } from '../render/template.ts';
import { bootArgs } from './boot-args.ts';
import type { BootSegment } from './boot-segment.ts';
import { fileWithin } from './file-within.ts';

/** The configuration that carries out a decision of the script stage in GRUB, which loads everything by TFTP. */
export async function grubConfig(
  segment: BootSegment,
  client: BootClient,
  decision: BootDecision,
): Promise<string> {
  const view = { reason: grubText(decision.reason), self: grubConfigName(client.arch, client.mac) };
  switch (decision.kind) {
    case 'agent': {
      const args = bootArgs(segment, client, decision);
      return linux(view, bootPath.agent('kernel'), [bootPath.agent('initramfs')], args);
    }
    case 'chain':
      return ironicConfig(segment, client, decision.url, view);
    case 'program':
      return programConfig(decision.files, view);
    case 'local-disk':
      return renderTemplate('boot/local-disk.grub.njk', { ...view, form: decision.form });
    case 'menu': {
      const entries = decision.entries.map(({ name, title }) => ({
        title: grubText(title),
        config: `${view.self}/${name}.cfg`,
      }));
      return renderTemplate('boot/menu.grub.njk', { ...view, seconds: decision.seconds, entries });
    }
    case 'ignore':
    case 'tftp':
    case 'http':
    case 'raspberry-pi':
    case 'script':
      return renderTemplate('boot/nothing.grub.njk', view);
  }
}

interface View {
  readonly reason: string;
  readonly self: string;
}

const linux = (view: View, kernel: string, initrds: readonly string[], args: string): string =>
  renderTemplate('boot/linux.grub.njk', {
    ...view,
    kernel: grubWord(kernel),
    initrds: initrds.map(grubWord).join(' '),
    args: grubKernelArgs(args),
  });

function programConfig(files: BootFiles, view: View): string {
  if (files.kind === 'kernel') return linux(view, files.path, files.initrd ? [files.initrd] : [], files.args);
  return renderTemplate('boot/efi.grub.njk', { ...view, path: grubWord(files.path) });
}

/** Ironic writes a script for iPXE: what it comes to is said in GRUB's words, or why that cannot be. */
async function ironicConfig(
  { httpUrl, deps }: BootSegment,
  client: BootClient,
  url: string,
  view: View,
): Promise<string> {
  const { ironic } = deps.artefacts;
  const root = httpUrl + bootPath.ironic('');
  const path = ironic && (await fileWithin(ironic.httpRoot, url.slice(root.length), ironic.linkRoots));
  if (path === null) return nothing(view, "Ironic's boot file is gone: it does not want this machine booted");
  const boot = readIronicScript(await readFile(path, 'utf8'), client.mac);
  if (!boot.ok) return nothing(view, boot.reason);
  if (boot.value.kind === 'local-disk')
    return renderTemplate('boot/local-disk.grub.njk', { ...view, form: 'chainload' });
  const { kernelUrl, initrdUrls, args } = boot.value;
  const stranger = [kernelUrl, ...initrdUrls].find((wanted) => !wanted.startsWith(root));
  if (stranger !== undefined) return nothing(view, `GRUB can load from this seed only, not ${stranger}`);
  const paths = initrdUrls.map((wanted) => wanted.slice(httpUrl.length));
  return linux(view, kernelUrl.slice(httpUrl.length), paths, args.join(' '));
}

const nothing = (view: View, reason: string): string =>
  renderTemplate('boot/nothing.grub.njk', { ...view, reason: grubText(reason) });

/** For double quotes in GRUB's language: on one line, with nothing that would end or expand in them. */
const grubText = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/["'\\$`]/g, '');
