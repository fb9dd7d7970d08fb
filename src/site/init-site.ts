import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlackstartError, EXIT } from '../errors.ts';
import { parseSite } from './parse-site.ts';
import { createMissingKey } from './secret-files.ts';

const fromCheckout = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const GITIGNORE = `# Secrets stay on the seed.
/secrets/
/rendered/
`;

export interface InitOptions {
  /** The site's name; made from the folder's when absent. */
  readonly site?: string;
}

/**
 * Makes a folder with a commented site.yaml to start from, the site's ssh key and a .gitignore. Returns the files
 * made, relative to it. Throws E_SITE_EXISTS rather than overwrite a site.yaml.
 */
export async function initSite(dir: string, options: InitOptions = {}): Promise<string[]> {
  const home = resolve(dir);
  const name = options.site ?? siteNameOf(basename(home));
  const template = await readFile(fromCheckout('templates/site/site.yaml'), 'utf8');
  const text = template
    .replaceAll('<$ site $>', name)
    .replaceAll('<$ schema $>', fromCheckout('inventories/site.schema.json'));
  const site = parseSite(text, 'site.yaml');
  await mkdir(home, { recursive: true });
  await writeNew(join(home, 'site.yaml'), text);
  const ignored = await writeUnlessThere(join(home, '.gitignore'), GITIGNORE);
  return ['site.yaml', ...(ignored ? ['.gitignore'] : []), ...(await createMissingKey(site, home))];
}

/** "/srv/Hall 3" → "hall-3"; "site" when nothing is left of it. */
function siteNameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  return name === '' ? 'site' : name;
}

async function writeNew(file: string, text: string): Promise<void> {
  if (await writeUnlessThere(file, text)) return;
  throw new BlackstartError('E_SITE_EXISTS', `${file} is there already`, {
    remedy: 'Name another folder, or move that file away first.',
    exitCode: EXIT.usage,
  });
}

async function writeUnlessThere(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
