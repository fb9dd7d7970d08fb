import { expect, test } from 'vitest';
import { toNetascii } from '../../src/wire/netascii.ts';

test.each([
  ['a line\nand another\n', 'a line\r\nand another\r\n'],
  ['a carriage return \r of its own', 'a carriage return \r\0 of its own'],
  ['both\r\n', 'both\r\0\r\n'],
  ['none', 'none'],
  ['', ''],
])('%j is %j', (text, sent) => {
  expect(Buffer.from(toNetascii(Buffer.from(text))).toString()).toBe(sent);
});
