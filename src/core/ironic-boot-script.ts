import { bad, ok, type Result } from '../result.ts';

/** What Ironic's iPXE script for one machine comes to, without iPXE. */
export type IronicBoot =
  | {
      readonly kind: 'kernel';
      readonly kernelUrl: string;
      readonly initrdUrls: readonly string[];
      readonly args: readonly string[];
    }
  | { readonly kind: 'local-disk' };

/** Ironic's template has some forty lines: more steps are a loop. */
const MAX_STEPS = 200;

interface Reading {
  kernelUrl: string | null;
  args: string[];
  readonly initrdUrls: string[];
}

/**
 * Follows Ironic's iPXE script (its ipxe_config.template, Ironic 39) as iPXE would when nothing fails, for a boot
 * loader that is not iPXE: GRUB cannot run it. Refuses what it does not know, rather than boot half of it.
 */
export function readIronicScript(text: string, mac: string): Result<IronicBoot> {
  const lines = text.split('\n').map((line) => line.trim());
  const reading: Reading = { kernelUrl: null, args: [], initrdUrls: [] };
  let at = 0;
  for (let step = 0; step < MAX_STEPS && at < lines.length; step++) {
    const words = (lines[at] ?? '').replaceAll(/\$\{(net0\/)?mac\}/g, mac).split(/\s+\|\|/)[0] ?? '';
    const [command = '', ...rest] = words.split(/\s+/);
    if (command === 'goto') {
      const label = lines.indexOf(`:${rest[0]}`);
      if (label === -1) return bad(`Ironic's boot file goes to "${rest[0]}", which is not there`);
      at = label;
    } else {
      const end = take(command, rest, reading);
      if (end !== null) return end;
    }
    at++;
  }
  return bad("Ironic's boot file comes to no end");
}

/** Commands that change nothing of what is booted. */
const IDLE = new Set(['', 'imgfree', 'set', 'echo']);

/** One command's effect; the outcome when the script ends with it. */
function take(command: string, words: readonly string[], reading: Reading): Result<IronicBoot> | null {
  if (IDLE.has(command) || command.startsWith('#') || command.startsWith(':')) return null;
  if (command === 'kernel' || command === 'initrd') {
    const [url, ...args] = withoutFlags(words);
    if (url === undefined) return bad(`Ironic's boot file has a "${command}" without a file`);
    if (command === 'initrd') reading.initrdUrls.push(url);
    else Object.assign(reading, { kernelUrl: url, args: args.filter((word) => !word.startsWith('initrd=')) });
    return null;
  }
  if (command === 'boot' && reading.kernelUrl !== null) {
    const { kernelUrl, initrdUrls, args } = reading;
    return ok({ kind: 'kernel', kernelUrl, initrdUrls, args });
  }
  // Of an ISO image or a volume: with a URL. Without one it is the local disk.
  if (command === 'exit' || (command === 'sanboot' && words.every((word) => word.startsWith('-'))))
    return ok({ kind: 'local-disk' });
  return bad(`Ironic's boot file says "${[command, ...words].join(' ')}", which only iPXE can do`);
}

/** `--timeout 5000`, `--name kernel` and the like. */
function withoutFlags(words: readonly string[]): readonly string[] {
  const first = words.findIndex(
    (word, index) => !word.startsWith('--') && !words[index - 1]?.startsWith('--'),
  );
  return first === -1 ? [] : words.slice(first);
}
