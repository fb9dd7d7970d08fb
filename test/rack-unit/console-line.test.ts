import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConsoleLine, lastBootOf } from '../../src/rack/console-line.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bs-console-'));
});
afterEach(() => rm(dir, { recursive: true }));

const bytes = (text: string) => Buffer.from(text);

test('each boot has a file of its own, and console.log is the last', async () => {
  const line = new ConsoleLine(dir);
  line.begin(1, () => {});
  line.push(bytes('first boot'));
  line.begin(2, () => {});
  line.push(bytes('second boot'));
  line.end();
  const text = (name: string) => readFile(join(dir, name), 'utf8');
  await vi.waitFor(async () => expect(await text('console-001.log')).toBe('first boot'));
  await vi.waitFor(async () => expect(await text('console.log')).toBe('second boot'));
  expect(await lastBootOf(dir)).toBe(2);
});

test('who attaches sees what was printed lately and from then on, until it detaches', () => {
  const line = new ConsoleLine(dir);
  const seen: string[] = [];
  line.push(bytes('a'));
  line.push(bytes('b'));
  const detach = line.attach((chunk) => seen.push(Buffer.from(chunk).toString()));
  line.push(bytes('c'));
  detach();
  line.push(bytes('d'));
  expect(seen).toEqual(['ab', 'c']);
});

test('what is typed goes to the machine that runs, and nowhere when none does', () => {
  const line = new ConsoleLine(dir);
  const typed: string[] = [];
  line.write(bytes('early'));
  line.begin(1, (chunk) => typed.push(Buffer.from(chunk).toString()));
  line.write(bytes('root\n'));
  line.end();
  line.write(bytes('late'));
  expect(typed).toEqual(['root\n']);
});

test('a folder without consoles has had no boot', async () => {
  expect(await lastBootOf(join(dir, 'nowhere'))).toBe(0);
});
