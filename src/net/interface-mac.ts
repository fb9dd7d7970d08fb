import { formatMac } from '../wire/mac.ts';
import { noInterface } from './errors.ts';
import { AF_INET, close, ioctl, SOCK_CLOEXEC, SOCK_DGRAM, socket } from './libc.ts';

const SIOCGIFHWADDR = 0x8927;
/** struct ifreq: a name of 16 bytes, then struct sockaddr, whose data begin two bytes later. */
const REQUEST_BYTES = 40;
const MAC_AT = 18;

/** The hardware address of an interface, in colon form, be it up or not: Node lists none without a cable. */
export function interfaceMac(name: string): string {
  const request = Buffer.alloc(REQUEST_BYTES);
  request.write(name.slice(0, 15));
  const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    if (ioctl(fd, SIOCGIFHWADDR, request) !== 0) throw noInterface(name);
  } finally {
    close(fd);
  }
  return formatMac(request.subarray(MAC_AT, MAC_AT + 6));
}
