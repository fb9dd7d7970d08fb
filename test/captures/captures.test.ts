import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { decodeDhcp } from '../../src/wire/dhcp-message.ts';
import { printDhcp } from '../../src/wire/dhcp-print.ts';
import { decodeTftp } from '../../src/wire/tftp-packet.ts';
import { type CapturedUdp, udpPayloads } from '../pcap.ts';

const CAPTURES = fileURLToPath(new URL('.', import.meta.url));
const captures = readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap'));

/** One datagram as golden text; null for what is no part of a boot's opening. */
function print({ from, to, fromPort, toPort, payload }: CapturedUdp): string | null {
  const head = `${from}:${fromPort} → ${to}:${toPort}`;
  if (fromPort === 67 || toPort === 67 || fromPort === 68 || toPort === 68) {
    const message = decodeDhcp(payload);
    return `${head}\n${message.ok ? printDhcp(message.value) : `bad: ${message.reason}`}`;
  }
  if (toPort !== 69) return null;
  const packet = decodeTftp(payload);
  if (!packet.ok) return `${head}\nbad: ${packet.reason}`;
  return packet.value.kind === 'read'
    ? `${head}\ntftp read ${packet.value.file} ${JSON.stringify([...packet.value.options])}`
    : `${head}\ntftp ${packet.value.kind}`;
}

describe.skipIf(captures.length === 0)('our own captures', () => {
  test.each(captures)('%s decodes to its golden text', async (capture) => {
    const text = udpPayloads(readFileSync(join(CAPTURES, capture)))
      .map(print)
      .filter((part) => part !== null)
      .join('\n\n');
    await expect(`${text}\n`).toMatchFileSnapshot(join(CAPTURES, `${capture}.txt`));
  });
});
