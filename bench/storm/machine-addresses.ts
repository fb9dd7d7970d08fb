import koffi from 'koffi';
import { AF_INET, errno, SOCK_DGRAM, socket } from '../../src/net/libc.ts';

const ioctl: (fd: number, request: number, argument: Uint8Array) => number = koffi
  .load('libc.so.6')
  .func('int ioctl(int fd, unsigned long request, void *argument)');

const SIOCSIFADDR = 0x8916;
const NAME_BYTES = 16;
/** struct ifreq: the interface's name, then struct sockaddr_in. */
const REQUEST_BYTES = 40;

/** Gives one interface the addresses of many machines, one by one as they are leased: netdevice(7). */
export class MachineAddresses {
  readonly #fd = socket(AF_INET, SOCK_DGRAM, 0);
  readonly #device: string;
  #count = 0;

  constructor(device: string) {
    this.#device = device;
  }

  /** The kernel makes it a class A address, `10.x.x.x/8`, which is what the wire's network is. */
  add(address: number): void {
    const request = Buffer.alloc(REQUEST_BYTES);
    request.write(`${this.#device}:${this.#count.toString(36)}`, 0, NAME_BYTES - 1, 'latin1');
    request.writeUInt16LE(AF_INET, NAME_BYTES);
    request.writeUInt32BE(address, NAME_BYTES + 4);
    if (ioctl(this.#fd, SIOCSIFADDR, request) !== 0)
      throw new Error(`${this.#device} does not take one more address: errno ${errno()}`);
    this.#count += 1;
  }
}
