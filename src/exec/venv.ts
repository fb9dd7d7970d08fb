import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.ts';
import { type RunOptions, run } from './run.ts';

export interface VenvSpec {
  /** What it is for: the folder's first part, as in `ironic-3f2a…`. */
  readonly name: string;
  /** Pinned requirements, as pip takes them. Part of the content hash. */
  readonly requirements: readonly string[];
  /** The host's interpreter; Debian's, never a pyenv shim. */
  readonly python?: string;
}

/**
 * A Python virtual environment with exactly these requirements, built once and found again by content hash.
 * Returns its folder. Who comes while another builds it waits; an interrupted build leaves a folder that the next removes.
 */
export async function ensureVenv(
  spec: VenvSpec,
  cacheDir: string,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const python = spec.python ?? '/usr/bin/python3';
  const version = (await run(python, ['--version'])).stdout.trim();
  const hash = createHash('sha256')
    .update(JSON.stringify([version, ...spec.requirements]))
    .digest('hex')
    .slice(0, 16);
  const dir = join(cacheDir, 'venvs', `${spec.name}-${hash}`);
  const complete = join(dir, '.complete');
  if (existsSync(complete)) return dir;
  await mkdir(join(cacheDir, 'venvs'), { recursive: true });
  const buildOnce = async () => {
    if (existsSync(complete)) return;
    report(`building the Python environment "${spec.name}": ${spec.requirements.join(' ')}`);
    await build(dir, python, spec.requirements, { onLine: report, ...(signal ? { signal } : {}) });
    await writeFile(`${complete}.new`, `${version}\n${spec.requirements.join('\n')}\n`);
    await rename(`${complete}.new`, complete);
  };
  await withBuildLock(`${dir}.lock`, buildOnce, report, signal);
  return dir;
}

async function build(
  dir: string,
  python: string,
  requirements: readonly string[],
  options: RunOptions,
): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await run(python, ['-m', 'venv', dir], options);
  const pip = join(dir, 'bin/pip');
  await run(pip, ['install', '--quiet', '--disable-pip-version-check', ...requirements], options);
}
