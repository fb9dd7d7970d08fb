import { isOnce } from './boot-node.ts';
import { MEMTEST_PROGRAMS } from './boot-programs.ts';
import type { BootTool } from './boot-tool.ts';

/** A transfer's end, as the boot servers tell it. */
export interface FetchedFile {
  readonly stage: string;
  readonly decision: string;
  /** As it was asked for, by whatever protocol. */
  readonly file: string | null;
}

/**
 * Whether a machine now has all that it was to boot once, so that its next start is an ordinary one. An ISO image is
 * read by parts for as long as it runs: the first of them counts.
 */
export function isUsedUp(
  intent: string,
  { stage, decision, file }: FetchedFile,
  tools: Readonly<Record<string, BootTool>>,
): boolean {
  if (!isOnce(intent) || file === null || !['completed', 'part'].includes(decision)) return false;
  if (intent === 'rescue') return stage === 'ramdisk' && decision === 'completed';
  if (intent === 'memtest') return Object.values(MEMTEST_PROGRAMS).some((name) => file.endsWith(name));
  const name = intent.slice('tool:'.length);
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  return tool !== undefined && file.endsWith(lastFileOf(tool).slice(1));
}

const lastFileOf = ({ files }: BootTool): string =>
  files.kind === 'kernel' ? (files.initrd ?? files.path) : files.path;
