import { expect, test } from 'vitest';
import { agentRequirements, agentVersionOf } from '../../src/artefacts/python-agent.ts';

test('the agent and everything it imports is pinned to one version', async () => {
  const lines = (await agentRequirements()).split('\n').filter((line) => line && !line.startsWith('#'));
  expect(lines.filter((line) => !/^[A-Za-z0-9._-]+==[0-9][\w.]*$/.test(line))).toEqual([]);
  expect(agentVersionOf(lines.join('\n'))).toMatch(/^\d+\.\d+\.\d+$/);
});

test('requirements without the agent have no version to report', () => {
  expect(agentVersionOf('requests==2.0\n')).toBe('unpinned');
});
