import { BlackstartError, EXIT } from '../errors.ts';
import { addressFaults } from './address-checks.ts';
import { address6Faults } from './address6-checks.ts';
import { dhcpFaults } from './dhcp-checks.ts';
import type { Fault } from './fault.ts';
import { identityFaults } from './identity-checks.ts';
import { referenceFaults } from './reference-checks.ts';
import { siteSchema, type WrittenSite } from './schema.ts';
import { shapeFaults } from './shape-faults.ts';
import { completeSite, type Site } from './site.ts';
import { type Path, printPath, readSource, type Source, type SourceFault } from './source.ts';
import { wordIssue } from './wording.ts';

/** site.yaml text → Site, or E_SITE_INVALID naming every wrong key with its line. Nothing past here re-checks it. */
export function parseSite(text: string, file: string): Site {
  const source = readSource(text);
  if (source.faults.length > 0) throw siteInvalid(file, source.faults);
  const raw = withoutEmptySections(source.value);
  const result = readShape(raw);
  const faults = result.success
    ? crossFaults(result.data)
    : withCrossFaults(shapeFaults(result.error.issues), raw);
  if (result.success && faults.length === 0) return completeSite(result.data);
  throw siteInvalid(file, locate(faults, source));
}

const readShape = (raw: unknown) => siteSchema.safeParse(raw, { error: wordIssue });

const crossFaults = (site: WrittenSite): Fault[] => [
  ...addressFaults(site),
  ...address6Faults(site),
  ...dhcpFaults(site),
  ...identityFaults(site),
  ...referenceFaults(site),
];

/** `fleets:` with every line below it commented out is an empty section, not a wrong one. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const known = Object.keys(siteSchema.shape);
  return Object.fromEntries(
    Object.entries(value).filter(([key, section]) => section !== null || !known.includes(key)),
  );
}

/**
 * Both kinds of faults in one go: what has a wrong shape is taken out, and the rest is checked as a whole. What
 * the whole says of a noun that is wrong by itself is left out, for it may follow from that.
 */
function withCrossFaults(wrong: readonly Fault[], raw: unknown): Fault[] {
  const rest = structuredClone(raw);
  for (const { path } of wrong) remove(rest, path);
  const result = readShape(rest);
  if (!result.success || wrong.some(({ path }) => path.length < 2)) return [...wrong];
  const nounOf = (path: Path) => printPath(path.slice(0, 2));
  const nouns = new Set(wrong.map(({ path }) => nounOf(path)));
  const follows = ({ path, about = [] }: Fault) => nouns.has(nounOf(path)) || nouns.has(nounOf(about));
  return [...wrong, ...crossFaults(result.data).filter((fault) => !follows(fault))];
}

/** Takes a wrong key out of its mapping; for a wrong list item the whole list, or later items would move. */
function remove(root: unknown, path: Path): void {
  const wrong = path.slice(0, path.findLastIndex((part) => typeof part !== 'number') + 1);
  if (wrong.length < 2) return;
  let here = root;
  for (const part of wrong.slice(0, -1)) {
    if (typeof here !== 'object' || here === null) return;
    here = Reflect.get(here, part);
  }
  const last = wrong.at(-1);
  if (last !== undefined && typeof here === 'object' && here !== null) Reflect.deleteProperty(here, last);
}

const locate = (faults: readonly Fault[], source: Source): SourceFault[] =>
  faults
    .map(({ path, message }) => ({ line: source.lineOf(path), path: printPath(path), message }))
    .sort((a, b) => a.line - b.line);

function siteInvalid(file: string, faults: readonly SourceFault[]): BlackstartError {
  const lines = faults.map(({ line, path, message }) => {
    const place = line === null ? file : `${file}:${line}`;
    return `${place}${path === '' ? '' : ` ${path}`}: ${message}`;
  });
  const many = faults.length === 1 ? 'this key' : `these ${faults.length} places`;
  return new BlackstartError('E_SITE_INVALID', lines.join('\n'), {
    remedy: `Correct ${many} in ${file}; inventories/example/site.yaml shows every key.`,
    exitCode: EXIT.usage,
  });
}
