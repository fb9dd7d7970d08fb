import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { BlackstartError, EXIT } from '../errors.ts';
import { type LoadedSite, loadSite } from '../site/load-site.ts';
import { createMissingSecrets } from '../site/secret-files.ts';

/** Where a rehearsal of this site lives: its copy of the site, the seed's state, the rack's disks and logs. */
export interface RehearsalPlace {
  readonly root: string;
  readonly siteDir: string;
  readonly rackDir: string;
  readonly seedLog: string;
}

export function rehearsalPlace(root: string): RehearsalPlace {
  return { root, siteDir: join(root, 'site'), rackDir: join(root, 'rack'), seedLog: join(root, 'serve.log') };
}

/**
 * What an operator does before the first bring-up: a copy of the site with a state folder of its own, the site's key,
 * and the BMCs' password in the files that site.yaml names. Nothing of an earlier rehearsal is kept.
 */
export async function makeRehearsalSite(source: string, place: RehearsalPlace): Promise<LoadedSite> {
  await clearPlace(place.root);
  await cp(resolve(source), place.siteDir, {
    recursive: true,
    filter: (path) => !/\/(secrets|rendered)$/.test(path),
  });
  const file = join(place.siteDir, 'site.yaml');
  const document = parseDocument(await readFile(file, 'utf8'));
  document.setIn(['seed', 'stateDir'], join(place.root, 'state'));
  await writeFile(file, document.toString());
  const loaded = await loadSite(place.siteDir);
  await createMissingSecrets(loaded.site, loaded.dir);
  return loaded;
}

const MARKER = '.blackstart-rehearsal';

/** Empties the rehearsal's folder, which must be new, empty or one that a rehearsal made: never anybody's files. */
async function clearPlace(root: string): Promise<void> {
  const found = await readdir(root).catch((): string[] => []);
  if (found.length > 0 && !found.includes(MARKER)) {
    throw new BlackstartError('E_REHEARSAL_DIR', `${root} is not empty, and no rehearsal made it`, {
      remedy: 'Name an empty or a new folder by --dir.',
      exitCode: EXIT.refused,
    });
  }
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  await writeFile(join(root, MARKER), 'Made by "blackstart rehearse"; the next one empties it.\n');
}
