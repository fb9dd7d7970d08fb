import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BlackstartError, EXIT, reasonOf } from '../errors.ts';
import { parseSite } from './parse-site.ts';
import type { FileRef, SecretRef } from './secret-ref.ts';
import { readReferenced, readSecret } from './secrets.ts';
import type { Site } from './site.ts';

export interface LoadedSite {
  readonly site: Site;
  /** The folder of site.yaml, absolute: files that it names are relative to it. */
  readonly dir: string;
  readonly file: string;
  /** What is allowed but should be known, in words for the operator. */
  readonly warnings: readonly string[];
  /** The secret itself, without its final line break. Read anew each time, so that a rotated one is found. */
  readSecret(ref: SecretRef): Promise<string>;
  /** A file that holds no secret, such as an authority's certificate. */
  readFile(ref: FileRef): Promise<string>;
  /** Every public key that may log in, one line each. */
  readAuthorizedKeys(): Promise<string[]>;
}

/** Reads `dir`/site.yaml. Throws E_NO_SITE, or E_SITE_INVALID with every wrong key. Secrets are read when asked for. */
export async function loadSite(dir: string): Promise<LoadedSite> {
  const home = resolve(dir);
  const file = join(home, 'site.yaml');
  const site = parseSite(await readSiteFile(file), file);
  return {
    site,
    dir: home,
    file,
    warnings: siteWarnings(site),
    readSecret: (ref) => readSecret(ref, home),
    readFile: (ref) => readReferenced(ref, home),
    readAuthorizedKeys: () => readAuthorizedKeys(site, home),
  };
}

async function readSiteFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BlackstartError('E_NO_SITE', `cannot read ${file}: ${reasonOf(cause)}`, {
      remedy: 'Name the folder of a site.yaml by --site DIR, or make one: blackstart init DIR.',
      exitCode: EXIT.usage,
      cause,
    });
  }
}

async function readAuthorizedKeys(site: Site, dir: string): Promise<string[]> {
  const texts = await Promise.all(
    site.access.authorizedKeys.map((key) => (typeof key === 'string' ? key : readReferenced(key, dir))),
  );
  return texts
    .flatMap((text) => text.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** What is allowed but should be known. */
function siteWarnings(site: Site): string[] {
  const isInline = (ref: SecretRef) => 'inline' in ref;
  const bmcs = site.nodes.flatMap(({ name, bmc }) => (bmc === null ? [] : [{ name, bmc }]));
  const inline = bmcs.filter(({ bmc }) => isInline(bmc.password)).map(({ name }) => name);
  const plain = bmcs.filter(({ bmc }) => bmc.address.startsWith('http:')).map(({ name }) => name);
  return [
    ...(isInline(site.access.privateKey) ? ['access.privateKey stands in site.yaml itself'] : []),
    ...(inline.length > 0 ? [`BMC passwords stand in site.yaml itself: ${inline.join(', ')}`] : []),
    ...(plain.length > 0
      ? [`BMC passwords go over the network unencrypted (http): ${plain.join(', ')}`]
      : []),
  ];
}
