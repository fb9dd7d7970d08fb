import { expect, test } from 'vitest';
import { interopTable } from '../../scripts/test-interop.mjs';

test('clients are rows, places columns, and a cell that did not end well is empty', () => {
  const cells = [
    { client: 'OVMF', place: 'proxy', seconds: 15.04 },
    { client: 'curl', place: 'relayed', seconds: 0.2 },
    { client: 'OVMF', place: 'relayed', seconds: 16 },
  ];
  expect(interopTable(cells)).toBe(
    ['seconds  proxy  relayed', 'OVMF     15.0   16.0', 'curl            0.2'].join('\n'),
  );
});
