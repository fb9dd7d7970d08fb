import { z } from 'zod';
import { bootMode, optional, patterned, sha256 } from './vocabulary.ts';

const kernel = z.enum(['generic', 'cloud']);

/** Debian's kernel for real hardware, or the small one that knows virtual hardware only. */
const debianKernel = kernel
  .default('generic')
  .describe("Debian's kernel: generic for servers, cloud (smaller) for virtual machines only.");

/** The ramdisk that discovers, inspects, cleans and deploys: a real ironic-python-agent. */
export const ramdiskSchema = z.strictObject({
  kernel: debianKernel,
  console: patterned('a console like ttyS0,115200', /^[A-Za-z0-9,]{1,40}$/)
    .default('ttyS0,115200')
    .describe("Kernel console that the ramdisk talks to; a serial one is seen by the BMC's serial-over-LAN."),
});

/** A whole-disk image: built here, or given as a file or a URL. */
export const imageSchema = z
  .strictObject({
    build: z.enum(['debian']).optional().describe('Blackstart builds it, from the packages of this host.'),
    kernel: kernel.optional().describe("For a built image, Debian's kernel: generic (the default) or cloud."),
    file: patterned('a file', /^[^\0\n]+$/)
      .optional()
      .describe('File, relative to the folder of site.yaml.'),
    url: patterned('an http:// or https:// URL', /^https?:\/\/[^\s"]+$/)
      .optional()
      .describe('Where the seed downloads it from. Needs sha256.'),
    sha256: sha256
      .optional()
      .describe('Checksum of the file: checked by the seed, and by the machine that writes it.'),
    format: z.enum(['raw', 'qcow2']).default('qcow2').describe('How the image file is written.'),
    user: optional(patterned('a user name', /^[a-z_][a-z0-9_-]{0,31}$/)).describe(
      'User that the image lets in, where it is not access.user.',
    ),
    architecture: z.enum(['x86_64', 'aarch64']).default('x86_64').describe('What processors it runs on.'),
    bootModes: z
      .array(bootMode)
      .min(1)
      .default(['bios', 'uefi'])
      .describe('Firmware that can boot it: bios, uefi or both.'),
  })
  .superRefine((image, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const sources = [image.build, image.file, image.url].filter((source) => source !== undefined);
    if (sources.length !== 1)
      wrong([], `want exactly one of build, file and url, got ${sources.length || 'none'}`);
    if (image.url !== undefined && image.sha256 === undefined)
      wrong(['sha256'], 'an image from a URL needs its checksum');
    if (image.build !== undefined && image.sha256 !== undefined)
      wrong(['sha256'], 'an image that is built here has no checksum yet');
    if (image.build === undefined && image.kernel !== undefined)
      wrong(['kernel'], 'only an image that is built here has a choice of kernel');
  })
  .transform(({ build, kernel: chosen, file, url, sha256: checksum, ...rest }) => ({
    ...rest,
    source: imageSource({ build, kernel: chosen, file, url, sha256: checksum }),
  }));

export type ImageSource =
  | { readonly kind: 'build'; readonly build: 'debian'; readonly kernel: 'generic' | 'cloud' }
  | { readonly kind: 'file'; readonly file: string; readonly sha256: string | null }
  | { readonly kind: 'url'; readonly url: string; readonly sha256: string };

interface WrittenSource {
  readonly build: 'debian' | undefined;
  readonly kernel: 'generic' | 'cloud' | undefined;
  readonly file: string | undefined;
  readonly url: string | undefined;
  readonly sha256: string | undefined;
}

/** The one source that superRefine found; only called once it did. */
function imageSource(image: WrittenSource): ImageSource {
  if (image.build !== undefined)
    return { kind: 'build', build: image.build, kernel: image.kernel ?? 'generic' };
  if (image.file !== undefined) return { kind: 'file', file: image.file, sha256: image.sha256 ?? null };
  return { kind: 'url', url: image.url ?? '', sha256: image.sha256 ?? '' };
}

export type SiteImage = z.output<typeof imageSchema>;
