import { readFile } from 'node:fs/promises';

/** The text of a file under `templates/artefacts/` that is used as it stands. */
export const artefactFile = (name: string): Promise<string> =>
  readFile(new URL(`../../templates/artefacts/${name}`, import.meta.url), 'utf8');
