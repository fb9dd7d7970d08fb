import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Debian publishes when this host says nothing else. */
const ORDINARY_URI = 'http://deb.debian.org/debian';
const ORDINARY_SECURITY_URI = 'http://deb.debian.org/debian-security';

interface AptEntry {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly signedBy: string;
}

/**
 * The one-line apt sources of one Debian release, at the mirrors this host uses. The host's other sources
 * (vendors' repositories, other releases) stay out; a host that has none of that release gets Debian's ordinary name.
 */
export async function readDebianSources(
  release: string,
  components: readonly string[],
  etcApt = '/etc/apt',
): Promise<readonly string[]> {
  const texts = await readSourceFiles(etcApt);
  const entries = texts.flatMap(({ name, text }) =>
    name.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text),
  );
  return chooseDebianSources(entries, release, components);
}

/** Keeps what is Debian's own: its three suites, component main, and its archive's path or its archive's key. */
export function chooseDebianSources(
  entries: readonly AptEntry[],
  release: string,
  components: readonly string[],
): readonly string[] {
  const suites = [release, `${release}-updates`, `${release}-security`];
  const line = (uri: string, suite: string) => `deb ${uri} ${suite} ${components.join(' ')}`;
  const chosen = entries
    .filter(({ suite, components: has }) => suites.includes(suite) && has.includes('main'))
    .filter(
      ({ uri, signedBy }) => /\/debian(-security)?\/?$/.test(uri) || signedBy.includes('debian-archive'),
    )
    .map(({ uri, suite }) => line(uri, suite));
  if (chosen.some((text) => text.includes(` ${release} `))) return [...new Set(chosen)];
  return [
    line(ORDINARY_URI, release),
    line(ORDINARY_URI, `${release}-updates`),
    line(ORDINARY_SECURITY_URI, `${release}-security`),
  ];
}

/** sources.list(5), one-line style. */
export const parseOneLine = (text: string): readonly AptEntry[] =>
  text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line.trim());
    if (!match) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const signedBy = /signed-by=(\S+)/i.exec(options)?.[1] ?? '';
    return [{ uri, suite, components: components.trim().split(/\s+/), signedBy }];
  });

/** sources.list(5), deb822 style: each paragraph is the product of its URIs and suites. */
export const parseDeb822 = (text: string): readonly AptEntry[] =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => {
      const field = (name: string): readonly string[] =>
        (new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t]+.*)*)`, 'im').exec(paragraph)?.[1] ?? '')
          .split(/\s+/)
          .filter(Boolean);
      if (!field('Types').includes('deb') || field('Enabled').includes('no')) return [];
      const signedBy = field('Signed-By').join(' ');
      const components = field('Components');
      return field('URIs').flatMap((uri) =>
        field('Suites').map((suite) => ({ uri, suite, components, signedBy })),
      );
    });

async function readSourceFiles(etcApt: string): Promise<readonly { name: string; text: string }[]> {
  const names = await readdir(join(etcApt, 'sources.list.d')).catch((): string[] => []);
  const files = [
    join(etcApt, 'sources.list'),
    ...names
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .map((name) => join(etcApt, 'sources.list.d', name)),
  ];
  return Promise.all(
    files.map(async (name) => ({ name, text: await readFile(name, 'utf8').catch(() => '') })),
  );
}
