import koffi from 'koffi';
import { noInterface, notAllowed } from './errors.ts';

/** The few system calls that Node lacks: sockets bound to a device, raw ICMPv6. Linux values. */
const libc = koffi.load('libc.so.6');

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const SO_ATTACH_FILTER = 26;

export const EPERM = 1;
export const EACCES = 13;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;

export const socket: (family: number, type: number, protocol: number) => number = libc.func(
  'int socket(int family, int type, int protocol)',
);
export const close: (fd: number) => number = libc.func('int close(int fd)');
export const bind: (fd: number, address: Uint8Array, addressLength: number) => number = libc.func(
  'int bind(int fd, void *address, uint32_t length)',
);
export const setsockopt: (
  fd: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: number,
) => number = libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)');
export const recv: (fd: number, into: Uint8Array, length: number, flags: number) => number = libc.func(
  'intptr_t recv(int fd, void *into, size_t length, int flags)',
);
export const sendto: (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
  address: Uint8Array,
  addressLength: number,
) => number = libc.func(
  'intptr_t sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t n)',
);
export const if_nametoindex: (name: string) => number = libc.func(
  'uint32_t if_nametoindex(const char *name)',
);

/** The error number of the last call. */
export const errno = (): number => koffi.errno();

/** Ties a socket to one interface: it neither hears nor speaks on any other. Throws E_NO_INTERFACE. */
export function bindToDevice(fd: number, device: string): void {
  const name = Buffer.from(`${device}\0`);
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length) === 0) return;
  throw errno() === EPERM ? notAllowed(`bind a socket to ${device}`) : noInterface(device);
}

koffi.struct('sock_fprog', { length: 'uint16', filter: 'void *' });
const attachFilter: (
  fd: number,
  level: number,
  name: number,
  program: { length: number; filter: Uint8Array },
  length: number,
) => number = libc.func('int setsockopt(int fd, int level, int name, sock_fprog *program, uint32_t length)');
const SOCK_FPROG_BYTES = 16;

/** Lets a socket hear only what a classic BPF program returns non-zero for; 0 when the kernel takes it. */
export function setFilter(
  fd: number,
  program: readonly (readonly [number, number, number, number])[],
): number {
  const filter = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    filter.writeUInt16LE(code, index * 8);
    filter.set([ifTrue, ifFalse], index * 8 + 2);
    filter.writeUInt32LE(value, index * 8 + 4);
  }
  return attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, { length: program.length, filter }, SOCK_FPROG_BYTES);
}
