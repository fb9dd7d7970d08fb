/** One command of a line, and whether it runs by what came of the one before. */
export interface IpxeStatement {
  readonly when: 'always' | 'and' | 'or';
  readonly words: readonly string[];
}

export interface IpxeScript {
  readonly lines: readonly (readonly IpxeStatement[])[];
  /** Label → the line after which it stands. */
  readonly labels: ReadonlyMap<string, number>;
}

/** Reads a script's lines: comments, labels, a backslash that goes on in the next line (ipxe.org/scripting). */
export function readScript(text: string): IpxeScript {
  const lines: IpxeStatement[][] = [];
  const labels = new Map<string, number>();
  for (const raw of text.replaceAll('\\\n', ' ').split('\n')) {
    const line = raw.trim();
    if (line.startsWith(':')) labels.set(line.slice(1).trim(), lines.length);
    lines.push(line === '' || line.startsWith('#') || line.startsWith(':') ? [] : readLine(line));
  }
  return { lines, labels };
}

function readLine(line: string): IpxeStatement[] {
  const statements: IpxeStatement[] = [];
  let words: string[] = [];
  let when: IpxeStatement['when'] = 'always';
  for (const word of line.split(/\s+/)) {
    if (word !== '||' && word !== '&&') {
      words.push(word);
      continue;
    }
    statements.push({ when, words });
    [words, when] = [[], word === '||' ? 'or' : 'and'];
  }
  statements.push({ when, words });
  return statements;
}

const INNERMOST = /\$\{([^${}]*)\}/;

/** Replaces `${name}` from the inside out, as in `${net${n}/mac:hexhyp}`; an unknown setting is nothing. */
export function expandSettings(word: string, settings: ReadonlyMap<string, string>): string {
  let expanded = word;
  for (let match = INNERMOST.exec(expanded); match; match = INNERMOST.exec(expanded)) {
    expanded = expanded.replace(match[0], () => settingOf(match[1] ?? '', settings));
  }
  return expanded;
}

function settingOf(expression: string, settings: ReadonlyMap<string, string>): string {
  const [name = '', type] = expression.split(':');
  const value = settings.get(name) ?? '';
  if (type === 'hexhyp') return value.replaceAll(':', '-');
  if (type === 'hexraw') return value.replaceAll(':', '');
  return type === 'uristring' ? encodeURIComponent(value) : value;
}
