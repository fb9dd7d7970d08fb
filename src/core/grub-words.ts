/** A word of GRUB's script language that stands for itself, whatever characters are in it. */
export const grubWord = (word: string): string =>
  /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A kernel command line as GRUB words: split at blanks outside double quotes, as the kernel itself splits it. */
export const grubKernelArgs = (line: string): string =>
  (line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map(grubWord).join(' ');
