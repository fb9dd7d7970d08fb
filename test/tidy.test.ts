import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

// The shape of the code, where a test can hold it. The limits are not aims: CONTRIBUTING.md has those.
const FILE_LINES = 400;
const FUNCTION_LINES = 70;
/** A file that begins with this comment is a table: as long as what it lists. */
const TABLE = /^\/\/ tidy: table/;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const listed = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
const files = ['src', 'test', 'scripts', 'bench']
  .flatMap(listed)
  .filter((name) => /\.(ts|mjs)$/.test(name) && !/^test\/(golden|captures)\//.test(name))
  .map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));
const code = files.filter(({ name }) => !name.startsWith('test/'));
const linesOf = (text: string) => text.trimEnd().split('\n').length;
const namesWhere = (from: typeof files, isWrong: (file: (typeof files)[number]) => boolean) =>
  from.filter(isWrong).map(({ name }) => name);

/** `file:line name (lines)` of every function that is too long. */
function longFunctions({ name, text }: { name: string; text: string }): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    const lines = lineAt(node.end) - lineAt(node.getStart(source)) + 1;
    if (ts.isFunctionLike(node) && lines > FUNCTION_LINES)
      found.push(`${name}:${lineAt(node.getStart(source))} has ${lines} lines`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('the shape of the code', () => {
  test('there is code to look at', () => {
    expect(code.length).toBeGreaterThan(50);
  });

  test(`a file has ${FILE_LINES} lines at most, but for tables`, () => {
    expect(namesWhere(files, ({ text }) => linesOf(text) > FILE_LINES && !TABLE.test(text))).toEqual([]);
  });

  test(`a function has ${FUNCTION_LINES} lines at most`, () => {
    expect(code.flatMap(longFunctions)).toEqual([]);
    const long = `function f() {\n${'f();\n'.repeat(FUNCTION_LINES)}}`;
    expect(longFunctions({ name: 'long.ts', text: long })).toEqual([
      `long.ts:1 has ${FUNCTION_LINES + 2} lines`,
    ]);
  });

  test('names say what a thing is: no utils, no helpers, no manager', () => {
    const vague = /\b\w*(utils?|helpers?|manager)\b/i;
    expect(namesWhere(files, ({ name }) => vague.test(basename(name)))).toEqual([]);
    const exported = /^export (async )?(function|class|const|interface|type) \w*(Utils?|Helpers?|Manager)\b/m;
    expect(namesWhere(code, ({ text }) => exported.test(text))).toEqual([]);
  });

  test('files are kebab-case', () => {
    expect(namesWhere(files, ({ name }) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(name)))).toEqual([]);
  });

  test('no default exports and no barrels', () => {
    expect(namesWhere(files, ({ text }) => /^export default\b/m.test(text))).toEqual([]);
    const isBarrel = (text: string) => {
      const { statements } = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest);
      return statements.length > 0 && statements.every((each) => ts.isExportDeclaration(each));
    };
    expect(namesWhere(code, ({ name, text }) => basename(name) === 'index.ts' || isBarrel(text))).toEqual([]);
  });

  test('nothing is left to do', () => {
    const mark = /\b(TO[D]O|FIX[M]E|XX[X])\b/; // Spelled so that this file does not find itself.
    expect('TO'.concat('DO')).toMatch(mark);
    expect(namesWhere(files, ({ text }) => mark.test(text))).toEqual([]);
  });

  test('only a main file ends the process', () => {
    const ends = namesWhere(code, ({ text }) => /\bprocess\.exit\(/.test(text));
    expect(ends.filter((name) => !/[/-]main\.ts$/.test(name))).toEqual([]);
    expect(ends).toContain('src/main.ts');
  });

  test('tests mirror src, but for the tiers and what they read', () => {
    const apart = new Set([
      'bench',
      'host',
      'interop',
      'rack',
      'rack-unit',
      'scripts',
      'golden',
      'captures',
      'contract',
      'simulation',
      'fuzz',
    ]);
    const folders = new Set(
      listed('src')
        .filter((name) => name.endsWith('.ts'))
        .map((name) => dirname(name).slice(4)),
    );
    const tests = listed('test').filter((name) => name.endsWith('.test.ts'));
    const strays = tests
      .map((name) => dirname(name).slice('test/'.length))
      .filter((folder) => folder !== '' && !apart.has(folder.split('/')[0] ?? '') && !folders.has(folder));
    expect([...new Set(strays)]).toEqual([]);
  });
});

test('packages come from where npm, pip and apt are set to look: nothing names a mirror', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const resolved = Object.entries<{ resolved?: string }>(lock.packages).filter(([, entry]) => entry.resolved);
  expect(resolved).toEqual([]);
  const setUp = [
    '.npmrc',
    '.ci/run',
    'bin/blackstart',
    ...listed('scripts').filter((name) => name.endsWith('.mjs')),
  ];
  expect(setUp.filter((name) => /https?:\/\//.test(readFileSync(join(ROOT, name), 'utf8')))).toEqual([]);
});
