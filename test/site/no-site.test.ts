import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlackstartError, EXIT } from '../../src/errors.ts';
import { parseSite } from '../../src/site/parse-site.ts';
import { faultsOf } from './sites.ts';

const EXAMPLE = readFileSync(new URL('../../inventories/example/site.yaml', import.meta.url), 'utf8');

describe('a text that is no site at all', () => {
  test.each([
    ['', 'site.yaml:1: want a mapping, got nothing'],
    ['[]', 'site.yaml:1: want a mapping, got a list'],
    [
      'a: *b',
      'site.yaml: cannot be read as YAML: Unresolved alias (the anchor must be set before the alias): b',
    ],
    ['['.repeat(50_000), 'site.yaml:1: lists or mappings are nested too deeply'],
  ])('text %.10s is no site', (text, want) => {
    expect(faultsOf(text)[0]).toBe(want);
  });

  test('aliases that explode are refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `l${n}: &l${n} [${Array(9).fill(n ? `*l${n - 1}` : 'x')}]`,
    );
    expect(faultsOf(levels.join('\n'))[0]).toMatch(/cannot be read as YAML: .*alias/i);
  });

  test('is wrong usage, with a remedy', () => {
    expect(() => parseSite('', 'site.yaml')).toThrow(
      expect.objectContaining({
        exitCode: EXIT.usage,
        remedy: expect.stringContaining('inventories/example'),
      }),
    );
  });
});

test('whatever is done to the text, parsing ends in a site or in a BlackstartError', () => {
  const lines = EXAMPLE.split('\n');
  const scrap = fc.oneof(
    fc.constantFrom(
      'null',
      '{}',
      '[]',
      '"',
      '\t',
      '---',
      '<<: *x',
      '&x',
      '!!binary a',
      '__proto__: 1',
      ': ',
      '- ',
    ),
    fc.string({ maxLength: 20 }),
    fc.integer().map(String),
    fc.constantFrom(...lines),
  );
  const edit = fc.record({
    line: fc.nat(lines.length - 1),
    column: fc.nat(60),
    length: fc.nat(60),
    kind: fc.constantFrom('replace', 'insert', 'drop', 'value'),
    scrap,
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const text = [...lines];
      for (const { line, column, length, kind, scrap: piece } of edits) {
        const old = text[line] ?? '';
        if (kind === 'insert') text.splice(line, 0, piece);
        else if (kind === 'drop') text.splice(line, 1);
        else if (kind === 'value') text[line] = old.replace(/: .*/, () => `: ${piece}`);
        else text[line] = old.slice(0, column) + piece + old.slice(column + length);
      }
      try {
        parseSite(text.join('\n'), 'site.yaml');
      } catch (error) {
        if (!(error instanceof BlackstartError)) throw error;
        expect(error.message).toMatch(/^site\.yaml(:\d+)?[ :]/);
      }
    }),
    { numRuns: 400 },
  );
});
