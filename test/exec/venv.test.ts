import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureVenv, type VenvSpec } from '../../src/exec/venv.ts';

/** A Python that writes down what it is asked, and whose pip takes a while; with the file `broken` there, pip fails. */
const PYTHON = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
case "$1" in
  --version) echo "Python 3.11.2" ;;
  -m) mkdir -p "$3/bin"
      printf '#!/bin/sh\\necho "pip $*" >> %s/calls; sleep 0.3; test ! -e %s/broken' "$here" "$here" > "$3/bin/pip"
      chmod +x "$3/bin/pip" ;;
esac
`;

let dir = '';
let spec: VenvSpec;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bs-venv-'));
  writeFileSync(join(dir, 'python'), PYTHON, { mode: 0o755 });
  spec = { name: 'some', requirements: ['a==1', 'b==2'], python: join(dir, 'python') };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ensure = (change: Partial<VenvSpec> = {}) =>
  ensureVenv({ ...spec, ...change }, join(dir, 'cache'), () => {});
const pipCalls = () => readFileSync(join(dir, 'calls'), 'utf8').match(/^pip .*/gm);

test('is built once, also for those who come at the same time, and found again', async () => {
  const folders = await Promise.all([ensure(), ensure(), ensure()]);
  expect(new Set([...folders, await ensure()]).size).toBe(1);
  expect(pipCalls()).toEqual(['pip install --quiet --disable-pip-version-check a==1 b==2']);
});

test('other requirements are another one', async () => {
  expect(await ensure({ requirements: ['a==2'] })).not.toBe(await ensure());
  expect(pipCalls()).toHaveLength(2);
});

test('one that could not be built is built by the next who asks', async () => {
  writeFileSync(join(dir, 'broken'), '');
  await expect(ensure()).rejects.toThrow();
  rmSync(join(dir, 'broken'));
  const folder = await ensure();
  expect(readFileSync(join(folder, '.complete'), 'utf8')).toContain('a==1');
});
