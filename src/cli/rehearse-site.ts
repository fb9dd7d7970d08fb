import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
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
  await rm(place.root, { recursive: true, force: true });
  await mkdir(place.root, { recursive: true, mode: 0o700 });
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
