import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastLines, tryRun } from '../exec/run.ts';
import { type InstalledUndercloud, IRONIC_PATH } from './install.ts';
import { type UndercloudSettings, undercloudPaths } from './settings.ts';
import { databaseFailed } from './undercloud-error.ts';

const LIMIT_MS = 180_000;

/**
 * Brings Ironic's database to the installed release: made at the first start, upgraded after a new release, else left
 * alone. Both work on a copy that is put in place when it is whole, so a crash costs nothing. Ironic must not run.
 *
 * A new SQLite database has to come from `create_schema`: `upgrade` walks through migrations that SQLite cannot do
 * (ALTER of constraints; ironic 39, alembic 1.20).
 */
export async function ensureDatabase(
  settings: UndercloudSettings,
  installed: InstalledUndercloud,
  signal?: AbortSignal,
): Promise<void> {
  const { databaseFile, schemaFile } = undercloudPaths(settings.dir);
  const madeFor = await readRelease(schemaFile);
  if (madeFor === installed.version) return;
  const fresh = `${databaseFile}.new`;
  await rm(fresh, { force: true });
  const exists = existsSync(databaseFile);
  if (exists) await backUp(installed, databaseFile, fresh);
  const commands = exists ? [['upgrade'], ['online_data_migrations']] : [['create_schema']];
  for (const command of commands) await dbsync(settings, installed, fresh, command, exists, signal);
  if (exists) await backUp(installed, databaseFile, `${databaseFile}.before-${installed.version}`);
  await rename(fresh, databaseFile);
  await writeFile(`${schemaFile}.new`, `${JSON.stringify({ ironic: installed.version })}\n`, { flush: true });
  await rename(`${schemaFile}.new`, schemaFile);
}

/** A copy by SQLite itself: after a crash part of the truth is in the journal beside the file. */
async function backUp({ venvDir }: InstalledUndercloud, from: string, to: string): Promise<void> {
  const script = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))';
  const result = await tryRun(join(venvDir, 'bin/python'), ['-c', script, from, to]);
  if (result.exitCode !== 0) throw databaseFailed('copied', lastLines(result.stderr, 2));
}

async function dbsync(
  settings: UndercloudSettings,
  { venvDir }: InstalledUndercloud,
  databaseFile: string,
  command: readonly string[],
  upgrading: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { configFile } = undercloudPaths(settings.dir);
  // The later file wins: the same configuration, with another database.
  const override = `${databaseFile}.conf`;
  await writeFile(
    override,
    `[DEFAULT]\nlog_file =\nuse_stderr = true\n[database]\nconnection = sqlite:///${databaseFile}\n`,
  );
  const args = ['--config-file', configFile, '--config-file', override, ...command];
  const result = await tryRun(join(venvDir, 'bin/ironic-dbsync'), args, {
    env: { PATH: IRONIC_PATH },
    timeoutMs: LIMIT_MS,
    ...(signal ? { signal } : {}),
  });
  await rm(override, { force: true });
  if (result.exitCode === 0) return;
  await rm(databaseFile, { force: true });
  throw databaseFailed(upgrading ? 'upgraded' : 'made', lastLines(result.stderr || result.stdout, 4));
}

async function readRelease(schemaFile: string): Promise<string | null> {
  const text = await readFile(schemaFile, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as { ironic: string }).ironic;
}
