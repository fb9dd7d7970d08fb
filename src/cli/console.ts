import type { Duplex } from 'node:stream';
import { openConsole } from '../api/open-console.ts';
import { loadSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import { type CliContext, siteDir } from './context.ts';

/** Ctrl-], as telnet(1) and virsh(1) have it. */
const LEAVE = 0x1d;

/** Joins this terminal to a node's serial console until Ctrl-], the end of standard input, or the console's end. */
export async function attachNodeConsole(
  context: CliContext,
  name: string,
  site: string | undefined,
): Promise<void> {
  const { site: loaded } = await loadSite(siteDir(site));
  const console = await openConsole(seedPaths(loaded).socket, name);
  context.output.err(`connected to the console of ${name}; Ctrl-] leaves`);
  const { stdin } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  try {
    await untilLeft(console, stdin, context);
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    console.end(() => console.destroy()); // what was typed last still goes
  }
}

function untilLeft(console: Duplex, stdin: NodeJS.ReadStream, { signal, output }: CliContext): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    console.on('data', (bytes: Buffer) => process.stdout.write(bytes));
    console.on('error', () => {}); // 'close' follows
    console.once('close', () => {
      output.err('the console was closed at the other end');
      resolve();
    });
    stdin.on('data', (bytes: Buffer) => {
      const end = bytes.indexOf(LEAVE);
      console.write(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) resolve();
    });
    stdin.once('end', () => resolve());
  });
}
