import { openUdpSocket } from '../../src/net/udp.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp-packet.ts';

/** Fetches a file by plain TFTP from the loopback: its bytes, or the server's error message. */
export async function fetchByTftp(port: number, file: string): Promise<Uint8Array | string> {
  const end = Promise.withResolvers<Uint8Array | string>();
  const parts: Uint8Array[] = [];
  const take = (packet: TftpPacket, answer: (packet: TftpPacket) => void) => {
    if (packet.kind === 'error') return end.resolve(packet.message);
    if (packet.kind !== 'data' || packet.block !== parts.length + 1) return;
    parts.push(packet.bytes);
    answer({ kind: 'ack', block: packet.block });
    if (packet.bytes.length < 512) end.resolve(Buffer.concat(parts));
  };
  const socket = await openUdpSocket({
    address: '127.0.0.1',
    port: 0,
    onDatagram: ({ bytes, from }) => {
      const packet = decodeTftp(bytes);
      if (packet.ok) take(packet.value, (reply) => socket.send(encodeTftp(reply), from.port, from.address));
    },
    onError: end.reject,
  });
  socket.send(encodeTftp({ kind: 'read', file, mode: 'octet', options: new Map() }), port, '127.0.0.1');
  try {
    return await end.promise;
  } finally {
    await socket.close();
  }
}
