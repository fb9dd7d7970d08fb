import { join } from 'node:path';
import type { BootClient } from '../core/boot-decision.ts';
import { bootPath, GRUB_CONFIG_OF_ITSELF, parseGrubPath } from '../core/boot-urls.ts';
import { parsePiPath } from '../core/raspberry-pi.ts';
import { renderTemplate } from '../render/template.ts';
import { openArtefact } from './artefact.ts';
import { type BootSegment, decide, findNode, reportEvent, uuidOf } from './boot-segment.ts';
import { fileWithin } from './file-within.ts';
import { grubConfig } from './grub-config.ts';
import { ironicStage } from './ironic-stage.ts';
import type { TftpContent, TftpFile } from './tftp-file.ts';

/** GRUB's configuration, the same for all, which asks for the machine's own; and that, by a decision of this moment. */
export const grubContent = (segment: BootSegment): TftpContent => ({
  async find({ name, address }) {
    if (`/${name}` === bootPath.grubStart)
      return textFile(renderTemplate('boot/start.grub.njk', { self: GRUB_CONFIG_OF_ITSELF }));
    const asked = parseGrubPath(name);
    if (asked === null) return null;
    const client: BootClient = { ...asked, kind: 'GRUB', stage: 'script' };
    const node = findNode(segment.deps, asked.mac, uuidOf(segment.all, asked.mac));
    const decision = decide(segment, client, node);
    reportEvent(segment, {
      stage: 'script',
      decision: decision.kind,
      reason: decision.reason,
      mac: asked.mac,
      address,
      file: name,
      arch: asked.arch,
    });
    return textFile(await grubConfig(segment, client, decision));
  },
});

const textFile = (text: string): TftpFile => ({
  kind: 'bytes',
  bytes: Buffer.from(text),
  stage: 'tftp file',
});

/** What a boot loader without HTTP loads next, under the same paths as by HTTP: ramdisk, Ironic's files, tools. */
export const bootFiles = ({ deps }: BootSegment): TftpContent => ({
  async find({ name }) {
    const { agent, tools, programs, ironic } = deps.artefacts;
    const [folder, ...rest] = name.split('/');
    const file = rest.join('/');
    if (folder === 'agent' && agent)
      return listed({ ...agent }, file, file === 'kernel' ? 'kernel' : 'ramdisk');
    if (folder === 'tools') return listed(tools, file, 'tool');
    if (folder === 'boot') return listed(programs, file, 'tftp program');
    if (folder !== 'ironic' || ironic === null) return null;
    const path = await fileWithin(ironic.httpRoot, file, ironic.linkRoots);
    return path === null ? null : { kind: 'file', path, stage: ironicStage(file) };
  },
});

const listed = (
  files: Readonly<Record<string, string>>,
  name: string,
  stage: NonNullable<TftpFile['stage']>,
): TftpFile | null => {
  const path = Object.hasOwn(files, name) ? files[name] : undefined;
  return path === undefined ? null : { kind: 'file', path, stage };
};

/** A Raspberry Pi's files: those for its serial number, else those for all. The folder is the site's, and so are they. */
export const raspberryPiFiles = ({ deps }: BootSegment): TftpContent => ({
  async find({ name }) {
    const folder = deps.artefacts.raspberryPiDir;
    const asked = folder === null ? null : parsePiPath(name);
    if (folder === null || asked === null) return null;
    for (const path of [join(asked.serial, asked.file), asked.file]) {
      const file = await fileWithin(folder, path, []);
      if (file !== null && (await openArtefact(file)) !== null)
        return { kind: 'file', path: file, stage: 'tftp file' };
    }
    return null;
  },
});
