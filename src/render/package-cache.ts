import { renderTemplate } from './template.ts';

export interface PackageCacheView {
  /** Its own folder, absolute. */
  readonly dir: string;
  readonly addresses: readonly string[];
  readonly port: number;
  /** The repositories that it fetches from; it refuses all others. */
  readonly mirrors: readonly string[];
  /** By which the seed itself reaches them, or null. */
  readonly proxy: string | null;
}

/** The configuration of apt-cacher-ng. */
export const renderPackageCache = (view: PackageCacheView): string =>
  renderTemplate('package-cache/acng.conf.njk', view);
