import { Listr, type ListrTask } from 'listr2';
import type { Output } from './output.ts';

/** One line of a task list: a title, and work that reports what is going on. */
export interface Task {
  readonly title: string;
  readonly run: (say: Say) => Promise<void>;
}

export interface Say {
  /** What is going on right now; replaces what was said before. */
  line(text: string): void;
  /** A new title, when the end has something to tell. */
  title(text: string): void;
}

interface ShowOptions {
  /** All at once rather than one after the other. */
  readonly concurrent?: boolean;
  /** False lets the other tasks go on after a failure; the first failure is thrown at the end. */
  readonly exitOnError?: boolean;
}

/**
 * Runs tasks and shows them: a live list on a terminal, plain lines elsewhere. The only function that knows listr2.
 * Throws what the first failed task threw.
 */
export async function showTasks(
  tasks: readonly Task[],
  output: Output,
  options: ShowOptions = {},
): Promise<void> {
  const { concurrent = false, exitOnError = true } = options;
  const failures: unknown[] = [];
  const entries = tasks.map(
    (task): ListrTask => ({
      title: task.title,
      task: async (_, shown) => {
        try {
          await task.run({
            line: (text) => {
              shown.output = text;
            },
            title: (text) => {
              shown.title = text;
            },
          });
        } catch (error) {
          failures.push(error);
          throw error;
        }
      },
    }),
  );
  const renderer = output.isTerminal ? 'default' : 'simple';
  const list = new Listr(entries, {
    concurrent,
    registerSignalListeners: false, // it would end the process itself, and leave a rack behind
    exitOnError,
    renderer,
    fallbackRenderer: 'simple',
    ...TIMERS,
  });
  await list.run().catch(() => {});
  if (failures.length > 0) throw failures[0];
}

const timer = {
  condition: true,
  field: (ms: number) => `${(ms / 1000).toFixed(1)} s`,
  format: () => (text: string | undefined) => text ?? '',
};
const TIMERS = {
  rendererOptions: { timer, collapseErrors: false, collapseSubtasks: false },
  fallbackRendererOptions: { timer },
} as const;
