// The least that can be called a TFTP server: answers each ACK by the blocks that follow, keeps no state of a transfer,
// and sends nothing again. What the generator reaches against it is the generator's ceiling, and the
// kernel's.
import { Arena, Poller, UdpPeerName, UdpReceiver, UdpSender } from '../../src/net/udp-batch.ts';
import { enlargeBuffers, openUdpDescriptor } from '../../src/net/udp-descriptor.ts';
import { decodeTftp, encodeTftp } from '../../src/wire/tftp-packet.ts';
import { benchFile, FILE_BYTES } from './load.ts';

const [device = '', address = ''] = process.argv.slice(2);
const fd = openUdpDescriptor({ device, address, port: 69 });
enlargeBuffers(fd, 4 * 1024 * 1024);
const received = new UdpReceiver(1024);
const sender = new UdpSender(true, () => {});
const file = benchFile();
const names = new Map<number, UdpPeerName>();
let blockBytes = 512;
let windowBlocks = 1;
let lastBlock = 0;
let frames = new Arena(0);

/** Every block with its header, end to end: a window is one piece. */
function frameAll(): void {
  lastBlock = Math.floor(FILE_BYTES / blockBytes) + 1;
  frames = new Arena(lastBlock * (blockBytes + 4));
  for (let block = 1; block <= lastBlock; block++) {
    const at = (block - 1) * (blockBytes + 4);
    frames.bytes.set([0, 3, (block >>> 8) & 255, block & 255], at);
    frames.bytes.set(file.subarray((block - 1) * blockBytes, block * blockBytes), at + 4);
  }
}

function sendAfter(acked: number, to: UdpPeerName): void {
  const first = acked + 1;
  const last = Math.min(acked + windowBlocks, lastBlock);
  if (first > last) return;
  const bytes = Math.min(last * blockBytes, FILE_BYTES) - acked * blockBytes + 4 * (last - acked);
  sender.begin(fd, to, last > first ? blockBytes + 4 : 0, 1);
  sender.add(frames.address + acked * (blockBytes + 4), bytes);
  sender.end(to);
}

function takeRequest(at: number, length: number, to: UdpPeerName): void {
  const packet = decodeTftp(received.bytes.subarray(at, at + length));
  if (!packet.ok || packet.value.kind !== 'read') return;
  const { options } = packet.value;
  const asked = Number(options.get('blksize') ?? 512);
  windowBlocks = Number(options.get('windowsize') ?? 1);
  if (asked !== blockBytes || lastBlock === 0) {
    blockBytes = asked;
    frameAll();
  }
  if (options.size === 0) {
    sendAfter(0, to);
    return;
  }
  const accepted = new Map([...options].filter(([name]) => name !== 'tsize'));
  const bytes = encodeTftp({ kind: 'oack', options: accepted });
  const arena = new Arena(bytes.length);
  arena.bytes.set(bytes);
  sender.begin(fd, to, 0, 1);
  sender.add(arena.address, bytes.length);
  sender.end(arena);
}

const poller = new Poller([fd]);
for (;;) {
  poller.wait(1000);
  const count = received.receive(fd);
  const { bytes } = received;
  for (let index = 0; index < count; index++) {
    const at = received.offsetOf(index);
    const name = received.nameOf(index);
    const key =
      (bytes[name + 2] ?? 0) * 0x1000000 + (bytes[name + 3] ?? 0) * 0x10000 + (bytes[name + 7] ?? 0);
    let to = names.get(key);
    if (!to) {
      to = new UdpPeerName(bytes.slice(name, name + 16), null);
      names.set(key, to);
    }
    if (bytes[at + 1] === 4) sendAfter((bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0), to);
    else takeRequest(at, received.lengthOf(index), to);
  }
  if (count > 0) sender.flush();
}
