import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseDocument, YAMLSeq } from 'yaml';

export const BLACKSTART = resolve('bin/blackstart');

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a public command as a person would, and returns what it said. */
export function blackstart(
  args: readonly string[],
  options: { timeoutMs: number; namespace?: string },
): Promise<CommandResult> {
  const [program, ...before] = options.namespace
    ? ['ip', 'netns', 'exec', options.namespace, BLACKSTART]
    : [BLACKSTART];
  return new Promise((resolvePromise) => {
    execFile(
      program ?? '',
      [...before, ...args],
      { timeout: options.timeoutMs, maxBuffer: 64 * 1024 * 1024 },
      (error: ExecFileException | null, stdout, stderr) => {
        resolvePromise({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}

/** A copy of the lab with a name of its own and only some of its nodes, and a folder for its rehearsal. */
export async function labCopy(
  name: string,
  nodes: readonly string[],
  change: (site: ReturnType<typeof parseDocument>) => void = () => {},
) {
  const root = mkdtempSync(join(tmpdir(), `blackstart-${name}-`));
  const siteDir = join(root, 'lab');
  await cp(resolve('inventories/lab'), siteDir, { recursive: true });
  const file = join(siteDir, 'site.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.set('site', name);
  const list = document.get('nodes');
  if (!(list instanceof YAMLSeq)) throw new Error('the lab has no list of nodes');
  list.items = list.items.filter((item) =>
    nodes.includes(String((item as { get(key: string): unknown }).get('name'))),
  );
  change(document);
  writeFileSync(file, document.toString());
  return { siteDir, root, dir: join(root, 'rehearsal') };
}
