import { expect, test } from 'vitest';
import { failWrongSkips, lastLine, tallyRun } from '../../scripts/tally.mjs';

const aTest = (fullName: string, state: string, note?: string) => ({
  fullName,
  module: { relativeModuleId: 'test/a.test.ts' },
  result: () => ({ state, note }),
});
const aModule = (
  tests: object[],
  { errors = [], suites = [] }: { errors?: object[]; suites?: object[] } = {},
) => ({
  relativeModuleId: 'test/a.test.ts',
  errors: () => errors,
  children: { allTests: () => tests.values(), allSuites: () => suites.values() },
});

test('every way to fail counts', () => {
  const hookFailed = {
    fullName: 'suite',
    module: { relativeModuleId: 'test/a.test.ts' },
    errors: () => [{}],
  };
  const modules = [
    aModule([aTest('good', 'passed'), aTest('bad', 'failed'), aTest('hangs', 'pending')]),
    aModule([aTest('never ran', 'skipped')], { suites: [hookFailed] }),
    aModule([], { errors: [{ message: 'import' }] }),
  ];
  const tally = tallyRun('unit', modules, [{ message: 'floating' }]);
  expect(tally.passed).toBe(1);
  expect(tally.failures).toEqual([
    'unit > test/a.test.ts > bad',
    'unit > test/a.test.ts > hangs: never ended',
    'unit > test/a.test.ts > suite: broke outside its tests',
    'unit > test/a.test.ts: broke outside its tests',
    'unit: an error that no test caught: floating',
  ]);
  expect(tally.skips).toHaveLength(1);
});

test('a tier without tests fails', () => {
  expect(tallyRun('rack', [], []).failures).toEqual(['rack: there are no tests']);
});

test('a skip is right only where third-party data is wanted and is not there', () => {
  const skips = [
    { name: 'unit > trees (needs BLACKSTART_TEST_DATA) > dell', reason: '' },
    { name: 'unit > other', reason: 'no BLACKSTART_TEST_DATA at /x' },
    { name: 'host > netns', reason: 'not root' },
  ];
  const tally = { passed: 1, failures: ['unit > broken'], skips };
  expect(failWrongSkips(tally, false)).toEqual({
    passed: 1,
    failures: ['unit > broken', 'host > netns: was skipped, not root'],
    skips: skips.slice(0, 2),
  });
  expect(failWrongSkips(tally, true)).toMatchObject({ passed: 1, skips: [] });
  expect(failWrongSkips(tally, true).failures).toHaveLength(4);
});

test('the last line', () => {
  expect(lastLine({ passed: 3, failures: [], skips: [] })).toBe('3 passed, 0 failed');
  expect(lastLine({ passed: 3, failures: ['x'], skips: [{}, {}] })).toBe('3 passed, 1 failed, 2 skipped');
});
