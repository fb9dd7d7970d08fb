import { describe, expect, test } from 'vitest';
import { negotiate } from '../../src/core/tftp-options.ts';

const LIMITS = { maxBlockBytes: 1468, maxWindowBlocks: 64 };

describe('options of a read request', () => {
  test.each<[string, Record<string, string>, Record<string, string>, number, number]>([
    ['none', {}, {}, 512, 1],
    [
      'OVMF’s',
      { tsize: '0', blksize: '1468', windowsize: '4' },
      { tsize: '9000', blksize: '1468', windowsize: '4' },
      1468,
      4,
    ],
    ['iPXE’s', { tsize: '0', blksize: '1432' }, { tsize: '9000', blksize: '1432' }, 1432, 1],
    [
      'more than ours',
      { blksize: '65464', windowsize: '65535' },
      { blksize: '1468', windowsize: '64' },
      1468,
      64,
    ],
    ['below the least', { blksize: '7', windowsize: '0', timeout: '0' }, {}, 512, 1],
    ['no numbers', { blksize: 'x', windowsize: '-4', timeout: '' }, {}, 512, 1],
    ['unknown ones', { multicast: '', rollover: '0' }, {}, 512, 1],
    ['a time-out', { timeout: '6' }, { timeout: '6' }, 512, 1],
  ])('%s', (_, asked, accepted, blockBytes, windowBlocks) => {
    const options = negotiate(new Map(Object.entries(asked)), 9000, LIMITS);
    expect({ ...options, accepted: Object.fromEntries(options.accepted) }).toMatchObject({
      accepted,
      blockBytes,
      windowBlocks,
    });
  });
});
