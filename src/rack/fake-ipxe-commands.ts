import type { IpxeOutcome, IpxeState } from './fake-ipxe-world.ts';

export type IpxeCommand = (args: readonly string[], state: IpxeState) => IpxeOutcome | Promise<IpxeOutcome>;

/** Options that take a value; all others stand alone. */
const WITH_VALUE = new Set(['--timeout', '-t', '--name', '-n', '--drive', '-d']);

/** The words of an image command without its options: a URL and the image's own arguments. */
export function readImageArguments(args: readonly string[]): string[] {
  let at = 0;
  while (args[at]?.startsWith('-')) at += WITH_VALUE.has(args[at] ?? '') ? 2 : 1;
  return args.slice(at);
}

/** iPXE's commands (ipxe.org/cmd), as far as a boot without a keyboard uses them. `goto`, `exit` and `chain` are the script's. */
export const ipxeCommands: Readonly<Record<string, IpxeCommand>> = {
  echo: (args, { world }) => {
    world.print(args.join(' '));
    return 'ok';
  },
  set: ([name = '', ...value], { world }) => {
    world.settings.set(nameOf(name), value.join(' '));
    return 'ok';
  },
  clear: ([name = ''], { world }) => {
    world.settings.delete(nameOf(name));
    return 'ok';
  },
  inc: ([name = '', by = '1'], { world }) => {
    world.settings.set(nameOf(name), String(Number(world.settings.get(nameOf(name)) ?? 0) + Number(by)));
    return 'ok';
  },
  isset: ([value]) => (value === undefined ? 'fail' : 'ok'),
  iseq: ([left = '', right = '']) => (left === right ? 'ok' : 'fail'),
  kernel: async (args, state) => {
    const [target, ...rest] = readImageArguments(args);
    const url = await fetchImage(target, state);
    if (url === null) return 'fail';
    state.kernel = { url, args: rest };
    return 'ok';
  },
  initrd: async (args, state) => {
    const url = await fetchImage(readImageArguments(args)[0], state);
    if (url !== null) state.initrds.push(url);
    return url === null ? 'fail' : 'ok';
  },
  imgfree: (_, state) => {
    state.kernel = null;
    state.initrds = [];
    return 'ok';
  },
  boot: (_, { kernel, initrds }) => (kernel ? { kind: 'kernel', ...kernel, initrds } : 'fail'),
  sanboot: (_, { world }) => (world.canBootDisk() ? { kind: 'disk' } : 'fail'),
  sleep: async ([seconds = '0'], { world }): Promise<IpxeOutcome> => {
    await world.sleep(Number(seconds));
    return 'ok';
  },
  prompt: async (args, { world }) => {
    const at = args.findIndex((arg) => arg === '--timeout' || arg === '-t');
    if (at < 0) return { kind: 'hang', reason: 'a prompt without a time limit' };
    await world.sleep(Number(args[at + 1]) / 1000);
    return 'fail'; // nobody pressed a key
  },
  dhcp: () => 'ok', // the script came over an interface that is configured already
  ifopen: () => 'ok',
  ifconf: () => 'ok',
  imgstat: () => 'ok',
  ifstat: () => 'ok',
  shell: () => ({ kind: 'hang', reason: 'an iPXE shell' }),
  reboot: () => ({ kind: 'reboot' }),
  poweroff: () => ({ kind: 'poweroff' }),
};

/** `attempts:int32` sets `attempts`. */
const nameOf = (typed: string): string => typed.split(':')[0] ?? '';

async function fetchImage(target: string | undefined, { world, baseUrl }: IpxeState): Promise<string | null> {
  if (target === undefined || !URL.canParse(target, baseUrl)) return null;
  const url = new URL(target, baseUrl).href;
  return (await world.fetchImage(url)) ? url : null;
}
