import type { Path } from './source.ts';

/** Something wrong at a path of the site file. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  /** The noun that it refers to: when that is wrong by itself, this may only follow from it. */
  readonly about?: Path;
}
