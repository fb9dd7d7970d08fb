import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeRoomForNeighbours } from '../../src/net/neighbour-limit.ts';

const root = mkdtempSync(join(tmpdir(), 'bs-neighbours-'));
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Linux's own limits, for IPv4 alone. */
function layLimits(): (level: string) => number {
  const folder = join(root, 'ipv4/neigh/default');
  mkdirSync(folder, { recursive: true });
  for (const [level, limit] of [
    ['gc_thresh1', 128],
    ['gc_thresh2', 512],
    ['gc_thresh3', 1024],
  ] as const)
    writeFileSync(join(folder, level), `${limit}\n`);
  return (level) => Number(readFileSync(join(folder, level), 'utf8'));
}

test('limits are raised as far as the machines need it, and never lowered', () => {
  const limit = layLimits();
  expect(makeRoomForNeighbours(256, root)).toEqual([]);
  expect(makeRoomForNeighbours(4094, root)).toEqual([
    { name: 'net.ipv4.neigh.default.gc_thresh1', from: 128, to: 4094 },
    { name: 'net.ipv4.neigh.default.gc_thresh2', from: 512, to: 8188 },
    { name: 'net.ipv4.neigh.default.gc_thresh3', from: 1024, to: 16_376 },
  ]);
  expect(['gc_thresh1', 'gc_thresh2', 'gc_thresh3'].map(limit)).toEqual([4094, 8188, 16_376]);
  expect(makeRoomForNeighbours(254, root)).toEqual([]);
  expect(limit('gc_thresh3')).toBe(16_376);
});

test('a network of millions of addresses takes a share of the memory only', () => {
  const limit = layLimits();
  makeRoomForNeighbours(2 ** 24, root);
  expect(limit('gc_thresh3')).toBe(65_536);
});

test('where there are no limits to be seen, none is raised', () => {
  expect(makeRoomForNeighbours(4094, root)).toEqual([]);
});
