/** What the process tells its caller. DESIGN: 0 done, 1 failed, 2 wrong usage or site, 3 refused, 4 drift, 70 a bug. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, drift: 4, bug: 70 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface ErrorDetails {
  /** What the operator does next: a command to run, a key to change, a cable to look at. */
  readonly remedy: string;
  readonly cause?: unknown;
  /** The exit code when this ends a command; 1 unless told. */
  readonly exitCode?: ExitCode;
}

/**
 * Something the operator can mend. Its message says what happened, its remedy what to do; anything that is not
 * a BlackstartError is a bug and ends the process with 70.
 */
export class BlackstartError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'BlackstartError';
    this.code = code;
    this.remedy = details.remedy;
    this.exitCode = details.exitCode ?? EXIT.failed;
  }
}

/** The text of anything thrown, for a log field or a message's end. */
export const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
