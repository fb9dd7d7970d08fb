/** Says of a test that it reads third-party data, in its name or in the reason for which it was skipped. */
const NEEDS_DATA = 'BLACKSTART_TEST_DATA';

/**
 * Adds up a run of vitest. A file or suite that broke outside its tests (an import, a hook) and an error that no test
 * caught are failures of their own: their tests count as skipped otherwise. No test at all is a failure too.
 */
export function tallyRun(tier, modules, unhandledErrors) {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const results = tests.map((test) => ({ test, result: test.result() }));
  const having = (state) => results.filter(({ result }) => result.state === state);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const broken = suites.filter((suite) => suite.errors().length > 0);
  const unfinished = having('pending');
  return {
    passed: having('passed').length,
    failures: [
      ...having('failed').map(({ test }) => nameOf(tier, test)),
      ...unfinished.map(({ test }) => `${nameOf(tier, test)}: never ended`),
      ...broken.map((suite) => `${nameOf(tier, suite)}: broke outside its tests`),
      ...unhandledErrors.map((error) => `${tier}: an error that no test caught: ${error.message}`),
      ...(tests.length === 0 && broken.length === 0 ? [`${tier}: there are no tests`] : []),
    ],
    skips: having('skipped').map(({ test, result }) => ({
      name: nameOf(tier, test),
      reason: result.note ?? '',
    })),
  };
}

const nameOf = (tier, { fullName, module, relativeModuleId }) =>
  [tier, (module ?? { relativeModuleId }).relativeModuleId, fullName].filter(Boolean).join(' > ');

/** Takes every skip for a failure but those of tests whose third-party data is not on this machine. */
export function failWrongSkips({ passed, failures, skips }, dataIsThere) {
  const isRight = ({ name, reason }) => !dataIsThere && `${name} ${reason}`.includes(NEEDS_DATA);
  const wrong = skips.filter((skip) => !isRight(skip));
  return {
    passed,
    failures: [
      ...failures,
      ...wrong.map(({ name, reason }) => `${name}: was skipped${reason ? `, ${reason}` : ''}`),
    ],
    skips: skips.filter(isRight),
  };
}

/** The line that everything ends with. */
export const lastLine = ({ passed, failures, skips }) =>
  `${passed} passed, ${failures.length} failed${skips.length > 0 ? `, ${skips.length} skipped` : ''}`;
