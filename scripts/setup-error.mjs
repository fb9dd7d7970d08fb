/** Something that whoever set this up can mend: what happened, and what to do. */
export class SetupError extends Error {
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** Runs a script's main part: a SetupError ends it with its remedy and 1; anything else is a bug, with its stack and 70. */
export async function runScript(name, main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    const text =
      error instanceof SetupError ? `${error.message}\n  what to do: ${error.remedy}` : error.stack;
    process.stderr.write(`${name}: ${text}\n`);
    process.exitCode = error instanceof SetupError ? 1 : 70;
  }
}
