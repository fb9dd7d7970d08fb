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
    const end = await untilEnd(console, stdin, context.signal);
    if (end === 'closed') context.output.err('the console was closed at the other end');
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    console.end(() => console.destroy()); // what was typed last still goes
  }
}

function untilEnd(
  console: Duplex,
  stdin: NodeJS.ReadStream,
  signal: AbortSignal,
): Promise<'left' | 'closed'> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('left'), { once: true });
    console.on('data', (bytes: Buffer) => process.stdout.write(bytes));
    console.on('error', () => {}); // 'close' follows
    console.once('close', () => resolve('closed'));
    stdin.on('data', (bytes: Buffer) => {
      const end = bytes.indexOf(LEAVE);
      console.write(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) resolve('left');
    });
    stdin.once('end', () => resolve('left'));
  });
}
