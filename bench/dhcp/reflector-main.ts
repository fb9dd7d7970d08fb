// The least that can be called a DHCP server: turns each message around with an address of its own. What the generator
// reaches against it is the generator's ceiling, and the kernel's.
import { BatchSocket } from '../batch-socket.ts';
import { messageTypeOf, XID_AT, YIADDR_AT } from './rom-message.ts';

const [device = '', relay = ''] = process.argv.slice(2);
const direct = relay === '';
const socket = new BatchSocket({
  device,
  address: '0.0.0.0',
  port: 67,
  to: direct ? { address: '255.255.255.255', port: 68 } : { address: relay, port: 67 },
});
const DISCOVER = 1;
/** Where the message type ends, which generators put first. */
const TYPE_END = 243;
/** perfdhcp wants one. */
const SERVER_IDENTIFIER = Buffer.of(54, 4, 10, 99, 0, 1);

for (;;) {
  const received = socket.receive((message) => {
    const isDiscover = messageTypeOf(message) === DISCOVER;
    socket.queue((slot) => {
      message.copy(slot, 0, 0, TYPE_END);
      SERVER_IDENTIFIER.copy(slot, TYPE_END);
      message.copy(slot, TYPE_END + SERVER_IDENTIFIER.length, TYPE_END);
      slot[0] = 2;
      slot[242] = isDiscover ? 2 : 5;
      slot.writeUInt32BE(0x0a000000 + message.readUInt32BE(XID_AT) + 256, YIADDR_AT);
      return message.length + SERVER_IDENTIFIER.length;
    });
  });
  socket.flush();
  if (received === 0) socket.wait(100);
}
