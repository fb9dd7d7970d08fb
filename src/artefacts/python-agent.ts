import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';
import { ensureVenv } from '../exec/venv.ts';
import type { Report } from './cache.ts';
import { artefactFile } from './template-file.ts';

/** Debian 12's Python, for which wheels are taken whatever Python the seed has. */
const PYTHON_VERSION = '3.11';
export const SITE_PACKAGES = `usr/local/lib/python${PYTHON_VERSION}/dist-packages`;
const PIP = 'pip==26.3';
const PLATFORMS = ['manylinux2014_x86_64', 'manylinux_2_28_x86_64', 'manylinux_2_34_x86_64'];

/** Parts of wheels that nothing imports at run time. */
const UNUSED = [
  'setuptools',
  '_distutils_hack',
  'pkg_resources',
  'distutils-precedence.pth',
  'bin',
  'wrapt-stubs',
];

export const agentRequirements = (): Promise<string> => artefactFile('agent-requirements.txt');

/** The pinned release of ironic-python-agent, from the requirements' text. */
export const agentVersionOf = (requirements: string): string =>
  /^ironic-python-agent==(\S+)/m.exec(requirements)?.[1] ?? 'unpinned';

/** Installs the pinned ironic-python-agent from PyPI into a Debian root, compiled beforehand for a quick start. */
export async function installPythonAgent(
  root: string,
  cacheDir: string,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const options = { onLine: report, ...(signal ? { signal } : {}) };
  const venv = await ensureVenv({ name: 'pip', requirements: [PIP] }, cacheDir, report, signal);
  const target = join(root, SITE_PACKAGES);
  const requirements = join(root, 'agent-requirements.txt');
  await mkdir(target, { recursive: true });
  await writeFile(requirements, await agentRequirements());
  report(`installing ironic-python-agent ${agentVersionOf(await agentRequirements())} from PyPI`);
  const wheelsOnly = ['--only-binary=:all:', '--python-version', PYTHON_VERSION, '--implementation', 'cp'];
  await run(
    join(venv, 'bin/pip'),
    [
      'install',
      '--quiet',
      '--no-compile',
      '--disable-pip-version-check',
      '--target',
      target,
      ...wheelsOnly,
      ...PLATFORMS.flatMap((platform) => ['--platform', platform]),
      '--requirement',
      requirements,
    ],
    options,
  );
  await rm(requirements);
  for (const name of UNUSED) await rm(join(target, name), { recursive: true, force: true });
  await removeTests(target);
}

/**
 * Compiles all Python of a root without time-stamp checks: under emulation, parsing source and comparing
 * time stamps is most of the agent's start.
 */
export async function compilePython(root: string, report: Report, signal?: AbortSignal): Promise<void> {
  report('compiling the Python files');
  const folders = [`/usr/lib/python${PYTHON_VERSION}`, `/${SITE_PACKAGES}`];
  await run(
    'chroot',
    [
      root,
      'python3',
      '-m',
      'compileall',
      '-q',
      '-f',
      '-j',
      '0',
      '--invalidation-mode',
      'unchecked-hash',
      ...folders,
    ],
    { onLine: report, ...(signal ? { signal } : {}) },
  );
}

async function removeTests(target: string): Promise<void> {
  for (const entry of await readdir(target, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory() && /^tests?$/.test(entry.name))
      await rm(join(entry.parentPath, entry.name), { recursive: true, force: true });
}
