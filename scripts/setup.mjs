// Makes a fresh Debian machine ready: Debian packages, npm packages, Node 24. Runs before node_modules exists, on the
// system's Node (18 on Debian 12), so it uses nothing but Node itself.
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingPackages, packagesFor } from './debian-packages.mjs';
import { lastLines, runProgram } from './run-program.mjs';
import { runScript, SetupError } from './setup-error.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_MAJOR = 24;
const NPM = 'npm@11.19.1';
const PURPOSES = ['rehearse', 'test', 'unit'];
const say = (line) => process.stdout.write(`setup: ${line}\n`);

/**
 * Installs what is missing for a purpose: `rehearse`, `test` (all of it) or `unit` (npm packages only, no root needed).
 * Returns the seconds it took; a repeat takes less than one. Throws SetupError.
 */
export async function setUp(purpose) {
  if (!PURPOSES.includes(purpose))
    throw new SetupError(`no purpose "${purpose}"`, `Use one of: ${PURPOSES.join(', ')}.`);
  const startedAtMs = Date.now();
  if (purpose !== 'unit') {
    requireDebianRoot();
    await installDebianPackages(packagesFor(purpose));
  }
  await installNpmPackages();
  await requireNode();
  const seconds = (Date.now() - startedAtMs) / 1000;
  say(`everything is there (${seconds.toFixed(1)} s)`);
  return seconds;
}

function requireDebianRoot() {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-query'))
    throw new SetupError(
      'this is not a Debian machine: it has no apt-get',
      'Use Debian 12, in a virtual machine if need be.',
    );
  if (process.getuid() !== 0)
    throw new SetupError(
      'it must run as root: it installs packages and makes network namespaces',
      'Run it again with sudo, or as root.',
    );
}

async function installDebianPackages(wanted) {
  const names = wanted.map(({ name }) => name);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const format = '${db:Status-Abbrev} ${Package}\n';
  const query = await runProgram('dpkg-query', ['-W', '-f', format, ...names]);
  const missing = missingPackages(wanted, query.stdout);
  if (missing.length === 0) return;
  say(`installing ${missing.length} Debian packages:`);
  for (const { name, why } of missing) say(`  ${name}: ${why}`);
  await aptInstall(missing.map(({ name }) => name));
  for (const { service } of missing) if (service) await runProgram('systemctl', ['disable', service]);
}

/** Tries with the package lists as they are, and once more with fresh ones: they may be missing or out of date. */
async function aptInstall(names) {
  const first = await aptGet(['install', ...names]);
  if (first.exitCode === 0) return;
  say('fetching the package lists');
  const update = await aptGet(['update']);
  const second = await aptGet(['install', ...names]);
  if (second.exitCode === 0) return;
  throw new SetupError(
    `apt-get could not install ${names.join(' ')}:\n${lastLines(`${update.exitCode === 0 ? '' : update.output}${second.output}`, 15)}`,
    'Look at /etc/apt/sources.list* and the network, try "apt-get update" by hand, and run this again.',
  );
}

function aptGet(args) {
  const options = ['--yes', '--quiet', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  // A package that brings a service shall not start it: systemctl(1) then only says what it would do.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1', LC_ALL: 'C.UTF-8' };
  return runProgram('apt-get', [...options, ...args], { env });
}

async function installNpmPackages() {
  const lock = readJson('package-lock.json');
  if (npmPackagesAreThere(lock)) return;
  say('installing the npm packages that package-lock.json names, Node 24 among them');
  const dir = mkdtempSync(join(tmpdir(), 'bs-npm-'));
  try {
    const npm =
      Number.parseInt(process.versions.node, 10) >= NODE_MAJOR ? ['npm'] : await fetchNpm(dir, lock);
    // No package's own script runs: what is native comes ready built.
    await runNpm(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], ROOT);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Node 24 and its npm, for one `npm ci`. An older Node will not do: npm passes over every optional package that does
 * not name it in its `engines`, native parts of rolldown for one; and Debian 12's npm 9 loses the link to `node`.
 */
async function fetchNpm(dir, lock) {
  const node = `node-linux-${process.arch}`;
  const { version } = lock.packages[`node_modules/${node}`] ?? {};
  if (!version)
    throw new SetupError(
      `npm has no Node ${NODE_MAJOR} for ${process.arch}`,
      `Install Node ${NODE_MAJOR} by hand, put it first on PATH and run this again.`,
    );
  await runNpm(
    ['npm'],
    ['install', '--prefix', dir, '--ignore-scripts', '--no-audit', '--no-fund', `${node}@${version}`, NPM],
    dir,
  );
  return [join(dir, 'node_modules', node, 'bin/node'), join(dir, 'node_modules/npm/bin/npm-cli.js')];
}

async function runNpm([program, ...before], args, cwd) {
  const env = { ...process.env, PATH: systemPath() };
  const { exitCode, output } = await runProgram(program, [...before, ...args], { cwd, env });
  if (exitCode === 0) return;
  throw new SetupError(
    `npm ${args[0]} failed:\n${npmErrors(output)}`,
    'Look at the network and at "npm config get registry", and run this again.',
  );
}

const readJson = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

/** npm leaves a lock file of its own in node_modules once it is done. */
function npmPackagesAreThere(lock) {
  const own = 'node_modules/.package-lock.json';
  return (
    [own, 'node_modules/.bin/node'].every((file) => existsSync(join(ROOT, file))) &&
    lockIsInstalled(lock, readJson(own))
  );
}

/** npm says why first, and ends with its manual. */
const npmErrors = (output) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('npm') && !line.includes('warn'))
    .slice(0, 15)
    .join('\n');

/** Whether npm installed what the lock file names; of the optional packages, those for this kind of machine. */
export const lockIsInstalled = (wanted, installed) =>
  Object.entries(wanted.packages).every(([path, entry]) => {
    const found = installed.packages[path];
    return (
      path === '' || (found ? found.version === entry.version : entry.optional === true && !isForHere(entry))
    );
  });

const isForHere = ({ os = [], cpu = [], libc = 'glibc' }) =>
  [os].flat().includes(process.platform) &&
  [cpu].flat().includes(process.arch) &&
  [libc].flat().includes('glibc');

/** npm scripts have node_modules/.bin first, where the Node is that `npm ci` is about to remove. */
const systemPath = () =>
  (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');

async function requireNode() {
  const { exitCode, stdout, output } = await runProgram(join(ROOT, 'node_modules/.bin/node'), ['--version']);
  if (exitCode === 0 && stdout.startsWith(`v${NODE_MAJOR}.`)) return;
  throw new SetupError(
    `node_modules/.bin/node is not Node ${NODE_MAJOR} (${output.trim()})`,
    'Remove node_modules and run this again.',
  );
}

const isMain = process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain)
  await runScript('setup', async () => {
    const at = process.argv.indexOf('--for');
    await setUp(at < 0 ? 'rehearse' : (process.argv[at + 1] ?? ''));
    return 0;
  });
