import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '../../src/exec/run.ts';

const VERSIONS = '/usr/lib/postgresql';

/** A PostgreSQL of this test's own, as user postgres, on a Unix socket in its folder, and on nothing else. */
export class PostgresCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bs-pg-'));
  readonly #programs: string;
  #server: ChildProcess | null = null;

  private constructor(programs: string) {
    this.#programs = programs;
  }

  /** Why this host cannot run one; null when it can. */
  static whyNot(): string | null {
    if (process.getuid?.() !== 0) return 'to become user postgres needs root';
    return programsFolder() === null ? `no initdb below ${VERSIONS}: install postgresql` : null;
  }

  static async start(): Promise<PostgresCluster> {
    const cluster = new PostgresCluster(programsFolder() ?? '');
    await run('chown', ['postgres', cluster.#folder]);
    const data = join(cluster.#folder, 'data');
    await cluster.#asPostgres('initdb', ['-D', data, '-A', 'trust', '--no-locale', '-E', 'UTF8']);
    await cluster.up();
    return cluster;
  }

  async up(): Promise<void> {
    const options = ['-D', join(this.#folder, 'data'), '-k', this.#folder, '-c', 'listen_addresses='];
    const [program, args] = this.#command('postgres', options);
    this.#server = spawn(program, args, { stdio: 'ignore' });
    for (let tries = 0; tries < 300; tries += 1) {
      if ((await this.#query('postgres', 'SELECT 1')).exitCode === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('PostgreSQL does not start');
  }

  /** A new database, by the URL that site.yaml would have. */
  async database(name: string): Promise<string> {
    const made = await this.#query('postgres', `CREATE DATABASE ${name}`);
    if (made.exitCode !== 0) throw new Error(made.stderr);
    return `postgresql://postgres@localhost/${name}?host=${encodeURIComponent(this.#folder)}`;
  }

  /** What a power cut leaves: the postmaster and with it all of its processes are gone at once. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
    const pids = [server.pid ?? 0, ...children.trim().split(/\s+/).map(Number)];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server && server.exitCode === null) {
      server.kill('SIGINT'); // "fast": clients are sent away
      await once(server, 'exit');
    }
    rmSync(this.#folder, { recursive: true });
  }

  #query(database: string, sql: string) {
    const args = ['-h', this.#folder, '-U', 'postgres', '-d', database, '-qAtc', sql];
    return tryRun('psql', args, { cwd: '/' });
  }

  #asPostgres(program: string, args: readonly string[]) {
    return run(...this.#command(program, args), { cwd: '/' });
  }

  #command(program: string, args: readonly string[]): [string, string[]] {
    const become = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--pdeathsig', 'TERM'];
    return ['setpriv', [...become, '--', join(this.#programs, program), ...args]];
  }
}

function programsFolder(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = versions.map((version) => join(VERSIONS, version, 'bin'));
  return folder.find((each) => existsSync(join(each, 'initdb'))) ?? null;
}
