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
  const { stdin, stdout } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  try {
    await new Promise<void>((resolve) => {
      context.signal.addEventListener('abort', () => resolve(), { once: true });
      console.on('data', (bytes: Buffer) => stdout.write(bytes));
      console.once('close', resolve).once('error', () => resolve());
      stdin.on('data', (bytes: Buffer) => {
        if (bytes.includes(LEAVE)) resolve();
        else console.write(bytes);
      });
      stdin.once('end', () => resolve());
    });
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    console.destroy();
  }
}
