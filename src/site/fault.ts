import type { Path } from './source.ts';

/** Something wrong at a path of the site file. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
}
