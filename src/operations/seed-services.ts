import type { Bmc } from '../bmc/bmc.ts';
import type { Ironic } from '../ironic/client.ts';
import type { SeedPaths } from '../site/seed-paths.ts';
import type { SiteNode } from '../site/site.ts';
import type { ServedImage } from './images.ts';

/** What the seed runs and has ready, beside what it remembers. */
export interface SeedServices {
  readonly paths: SeedPaths;
  /** What goes out for one-time tokens only. */
  readonly secrets: { configDriveUrl(node: SiteNode): Promise<string | null> };
  /** Whether a site step has come to its end in this process: `ramdisk`, `images`, `undercloud`. */
  isReady(siteStep: string): boolean;
  /** A client of the undercloud while that answers, else null. */
  ironic(): Ironic | null;
  bmc(node: SiteNode): Promise<Bmc>;
  /** What machines can boot besides the agent, of what this seed has by now. */
  readonly serves: { readonly rescue: boolean; readonly memtest: boolean };
  /** Throws E_IMAGE_MISSING for one that is not ready. */
  image(name: string): ServedImage;
  ansible(signal: AbortSignal): Promise<string>;
}
