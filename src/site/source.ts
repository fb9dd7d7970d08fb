import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { reasonOf } from '../errors.ts';

/** A wrong place in the file. `line` is null where a whole file is wrong. */
export interface SourceFault {
  readonly line: number | null;
  /** `nodes[0].mac`; empty for the file itself. */
  readonly path: string;
  readonly message: string;
}

export type Path = readonly PropertyKey[];

/** A YAML text as plain values, and the lines that they stand on. */
export interface Source {
  readonly value: unknown;
  /** Errors of the YAML itself: with any, `value` means nothing. */
  readonly faults: readonly SourceFault[];
  /** The line of the key or list item at this path, or of its nearest parent that exists. */
  lineOf(path: Path): number;
}

const MAX_YAML_FAULTS = 10;
/** A site of ten thousand nodes is about 4 MiB. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Reads YAML 1.2 with merge keys (`<<`). Never throws: what is wrong is among the faults. */
export function readSource(text: string): Source {
  const broken = (message: string, line: number | null = null): Source => ({
    value: null,
    faults: [{ line, path: '', message }],
    lineOf: () => 1,
  });
  if (text.length > MAX_CHARACTERS) return broken(`is larger than ${MAX_CHARACTERS / 1024 / 1024} MiB`);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      logLevel: 'error',
    });
    if (document.errors.length > 0) {
      const faults = document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        path: '',
        message: wordYamlError(error.code, error.message),
      }));
      return { value: null, faults: firstOfEach(faults), lineOf: () => 1 };
    }
    const lineOf = (path: Path) => lines.linePos(offsetOf(document, path)).line;
    return { value: document.toJS({ maxAliasCount: 1000 }), faults: [], lineOf };
  } catch (thrown) {
    // The yaml package throws for aliases that lead nowhere or explode, and the stack ends for absurd nesting.
    return broken(`cannot be read as YAML: ${reasonOf(thrown)}`);
  }
}

/** One slip often makes the reader complain many times over; the first few say it. */
function firstOfEach(faults: readonly SourceFault[]): SourceFault[] {
  const told = new Map(faults.toReversed().map((fault) => [`${fault.line} ${fault.message}`, fault]));
  return [...told.values()].toReversed().slice(0, MAX_YAML_FAULTS);
}

function wordYamlError(code: string, message: string): string {
  if (message.includes('call stack')) return 'lists or mappings are nested too deeply';
  const first = message.split('\n')[0] ?? message;
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML wants spaces';
    case 'DUPLICATE_KEY':
      return 'this key stands twice in the same mapping';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here ("---"); a site is one document';
    default:
      return `not valid YAML: ${first}`;
  }
}

/** Where the value at `path` begins: its key in a mapping, its item in a list. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === String(part));
      if (pair === undefined) break;
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

const keyText = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key));

/** `['nodes', 0, 'macs', 1]` → `nodes[0].macs[1]`. */
export function printPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}
