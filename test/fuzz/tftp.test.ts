import { expect, test } from 'vitest';
import { tidyName } from '../../src/core/tftp-name.ts';
import { type TftpPeer, TftpServer, type TftpSource } from '../../src/core/tftp-server.ts';
import { decodeTftp, encodeTftp } from '../../src/wire/tftp-packet.ts';
import { capturedPayloads } from './corpus.ts';
import { fuzz } from './fuzz-loop.ts';

const LIMITS = {
  maxBlockBytes: { 4: 1468, 6: 1448 },
  maxWindowBlocks: 64,
  maxTransfers: 64,
  maxTransfersPerMachine: 8,
};
const LONG_MS = 3_600_000;
const TRANSFER_PORT = 1;

test('the TFTP server lives on whatever it is sent, and every transfer ends', {
  timeout: LONG_MS,
}, async () => {
  const tftp = (payload: Uint8Array) => decodeTftp(payload).ok;
  const captured = capturedPayloads(
    ({ fromPort, toPort, payload }) => (toPort === 69 || fromPort > 1023) && tftp(payload),
  );
  const acks = [0, 1, 2, 3, 4, 65_535].map((block) => encodeTftp({ kind: 'ack', block }));
  let nowMs = 0;
  let open = 0;
  const looking: number[] = [];
  const server = new TftpServer<TftpPeer, TftpSource>(
    {
      look(number, { file }) {
        tidyName(file);
        looking.push(number);
      },
      portsFor: () => [TRANSFER_PORT],
      sendPacket: (_, __, packet) => void encodeTftp(packet),
      sendBlocks: () => {},
      ended: () => {},
    },
    LIMITS,
    nowMs,
  );
  await fuzz('TFTP', [...captured, ...acks], (bytes, index) => {
    nowMs += index % 7;
    const packet = decodeTftp(bytes);
    const port = 1024 + (index % 200);
    const peer = {
      family: 4 as const,
      address: `10.0.0.${index % 20}`,
      port,
      key: `10.0.0.${index % 20}:${port}`,
    };
    if (packet.ok && (packet.value.kind === 'read' || index % 5 === 0))
      server.takeRequest(0, packet.value, peer, nowMs);
    else if (packet.ok && packet.value.kind === 'ack')
      server.takeAck(TRANSFER_PORT, peer.key, packet.value.block, nowMs);
    else if (packet.ok) server.takePacket(TRANSFER_PORT, packet.value, peer, nowMs);
    for (const number of looking.splice(0)) {
      const source = index % 3 === 0 ? 'none' : { bytes: index % 100_000, release: () => void open-- };
      if (typeof source !== 'string') open++;
      server.found(number, source, nowMs);
    }
    server.tick(nowMs);
    expect(open).toBeLessThanOrEqual(LIMITS.maxTransfers);
  });
  for (let seconds = 0; seconds < 600 && server.busy; seconds++) {
    nowMs += 1000;
    server.tick(nowMs);
  }
  expect([server.busy, open]).toEqual([false, 0]);
});
