const hasControl = (text: string): boolean =>
  [...text].some((character) => character < ' ' || character === '\x7f');

/**
 * A file's name as machines spell it → as it is looked up: no leading slash or `./`, single slashes. Windows-minded
 * ROMs send backslashes, GRUB a leading slash, shim two. Null for a name that climbs, or holds a control character:
 * it is looked up nowhere. Percent signs mean nothing in TFTP and stay as they are.
 */
export function tidyName(asked: string): string | null {
  if (hasControl(asked)) return null;
  const parts = asked.split(/[/\\]+/).filter((part) => part !== '' && part !== '.');
  return parts.length === 0 || parts.includes('..') ? null : parts.join('/');
}
