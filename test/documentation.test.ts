import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readBenchmarks, transcriptOf, withGenerated } from '../scripts/figures.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** What stands between backticks, in a line or fenced. */
const codeIn = (text: string) =>
  [...text.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map((code) => code[0]);

/** `# A title` → the anchor that a link to it has. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
const anchorsIn = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));

function brokenLinks(page: string): string[] {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsIn(textOf(target)).includes(anchor);
  });
}

/** The names of the subcommands that `blackstart --help` lists. */
const commands = [
  ...execFileSync(join(ROOT, 'bin/blackstart'), ['--help'], { encoding: 'utf8' })
    .replace(/[\s\S]*\nCommands:\n/, '')
    .matchAll(/^ {2}([a-z]+)\b/gm),
].map(([, name]) => name);

describe.each(PAGES)('%s', (page) => {
  test('links lead somewhere', () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test('names commands and scripts that are there', () => {
    const code = codeIn(textOf(page)).join('\n');
    const named = [...code.matchAll(/\bblackstart ([a-z]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !commands.includes(name))).toEqual([]);
    const { scripts } = JSON.parse(textOf('package.json'));
    const run = [...code.matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name);
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('there is something to hold: pages, commands, links', () => {
  expect(PAGES).toContain('README.md');
  expect(commands).toContain('rehearse');
  expect(codeIn(textOf('README.md')).join('\n')).toMatch(/blackstart up/);
});

test('figures and transcript in README are those that were recorded', () => {
  const figures = JSON.parse(textOf('docs/figures/rehearsal.json'));
  const readme = textOf('README.md');
  expect(withGenerated(readme, figures, textOf('docs/figures/rehearsal.txt'), readBenchmarks())).toBe(readme);
});

test('a transcript has what was done, the first machine’s states and the closing table', () => {
  const log = [
    'setup: everything is there (0.1 s)',
    '❯ Rack',
    '› › I: installing',
    '✔ Rack [0.4 s]',
    '› lab-1 cold: reads its BMC',
    '› lab-2 cold: reads its BMC',
    '› lab-1 cold: netboots',
    '› lab-1 clean wait: undercloud: clean wait',
    '✔ lab-1: configured [9 s]',
    '',
    'Seconds from power-on:',
    'NAME',
    '',
    'total 1 s',
    '',
    'Left running.',
  ];
  expect(transcriptOf(log.join('\n')).split('\n')).toEqual([
    'setup: everything is there (0.1 s)',
    '✔ Rack [0.4 s]',
    '› lab-1 cold: reads its BMC',
    '› lab-1 clean wait: undercloud: clean wait',
    '✔ lab-1: configured [9 s]',
    '',
    'Seconds from power-on:',
    'NAME',
    '',
    'total 1 s',
  ]);
});
