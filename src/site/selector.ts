import { BlackstartError, EXIT } from '../errors.ts';
import { bad, ok, type Result } from '../result.ts';
import { globMatches, isGlob } from './glob.ts';
import { didYouMean } from './wording.ts';

/** What a selector can ask of a node, by the site file alone. */
export const SITE_KEYS = [
  'name',
  'rack',
  'role',
  'image',
  'bootMode',
  'serial',
  'protected',
  'fleet',
] as const;
/** What it can ask of a node that is watched, too. */
const OBSERVED_KEYS = ['state', 'approval', 'power'] as const;

/** The attributes of one node: several values for `fleet` and the like; null where there is none. */
export type NodeAttributes = Readonly<Record<string, string | readonly string[] | null>>;

interface Term {
  readonly key: string;
  readonly value: string;
  readonly negated: boolean;
}

/** `rack=r12,role=compute`, `lab-1,lab-2`, `lab-*,state=active`. */
export interface Selector {
  readonly text: string;
  readonly terms: readonly Term[];
}

/** KEY=VALUE, KEY!=VALUE or a name; values may hold spaces, names may not. */
const TERM = /^(?:([A-Za-z][A-Za-z0-9._-]*)\s*(!?=)\s*([^=!,]+)|([^=!,\s]+))$/;

/**
 * Reads a selector. Terms stand between commas: names or globs, KEY=VALUE, KEY!=VALUE; values may be globs. Terms
 * of different keys must all hold; of terms with the same key, one is enough (`rack=r1,rack=r2`, `lab-1,lab-2`).
 */
export function parseSelector(
  text: string,
  keys: readonly string[] = [...SITE_KEYS, ...OBSERVED_KEYS],
): Result<Selector> {
  const terms: Term[] = [];
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const match = TERM.exec(part);
    if (match === null) return bad(`"${part}" is neither a name nor KEY=VALUE`);
    const [, key = 'name', sign = '=', worth, name] = match;
    const value = worth ?? name ?? '';
    if (!keys.includes(key) && !key.startsWith('label.'))
      return bad(
        `there is no "${key}" to select by${didYouMean(key, keys) || `: ${keys.join(', ')}, label.NAME`}`,
      );
    terms.push({ key, value, negated: sign === '!=' });
  }
  return ok({ text, terms });
}

/** Whether a node with these attributes is selected. `all` and `*` select every node. */
export function selects(selector: Selector, attributes: NodeAttributes): boolean {
  const holds = (term: Term) =>
    [attributes[term.key] ?? []].flat().some((value) => globMatches(term.value, value)) !== term.negated;
  return [...new Set(selector.terms.map((term) => term.key))].every((key) => {
    const terms = selector.terms.filter((term) => term.key === key);
    if (key === 'name' && terms.some((term) => !term.negated && term.value === 'all')) return true;
    const wanted = terms.filter((term) => !term.negated);
    return terms.filter((term) => term.negated).every(holds) && (wanted.length === 0 || wanted.some(holds));
  });
}

/**
 * The nodes that any of the selectors selects, in the given order. Throws E_SELECTOR when one cannot be read, and
 * E_NO_SUCH_NODE when one names a node that is not there; a glob or an attribute may select none.
 */
export function selectNodes<T>(
  nodes: readonly T[],
  selectors: string | readonly string[],
  attributesOf: (node: T) => NodeAttributes,
): T[] {
  const parsed = (typeof selectors === 'string' ? [selectors] : selectors).map(mustParse);
  const attributes = nodes.map(attributesOf);
  const names = attributes.map((each) => String(each['name']));
  for (const { key, value } of parsed.flatMap((selector) => selector.terms)) {
    if (key === 'name' && value !== 'all' && !isGlob(value) && !names.includes(value.toLowerCase()))
      throw noSuchNode(value, names);
  }
  return nodes.filter((_, index) => parsed.some((selector) => selects(selector, attributes[index] ?? {})));
}

function mustParse(text: string): Selector {
  const selector = parseSelector(text);
  if (selector.ok) return selector.value;
  throw new BlackstartError('E_SELECTOR', `cannot read the selector "${text}": ${selector.reason}`, {
    remedy: 'Write names or globs (lab-1, lab-*), or attributes (rack=r12,role=compute,state=active).',
    exitCode: EXIT.usage,
  });
}

const noSuchNode = (name: string, known: readonly string[]) =>
  new BlackstartError('E_NO_SUCH_NODE', `there is no node "${name}"${didYouMean(name, known)}`, {
    remedy: '"blackstart nodes list" shows them all.',
    exitCode: EXIT.usage,
  });
