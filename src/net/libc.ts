import koffi from 'koffi';
import { noInterface, notAllowed } from './errors.ts';

/**
 * The few system calls that Node lacks: sockets bound to a device, raw ICMPv6, datagrams by the batch, files in memory.
 * Linux values.
 */
const libc = koffi.load('libc.so.6');

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_NONBLOCK = 0o4000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
const SO_BINDTODEVICE = 25;
const SO_ATTACH_FILTER = 26;

export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const MSG_DONTWAIT = 0x40;
export const POLLIN = 1;
export const POLLOUT = 4;
export const PROT_READ = 1;
export const MAP_PRIVATE = 2;

export const EPERM = 1;
export const EINTR = 4;
export const EIO = 5;
export const EAGAIN = 11;
export const EINVAL = 22;
export const EMSGSIZE = 90;
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
export const ioctl: (fd: number, request: number, argument: Uint8Array) => number = libc.func(
  'int ioctl(int fd, unsigned long request, _Inout_ void *argument)',
);
export const if_nametoindex: (name: string) => number = libc.func(
  'uint32_t if_nametoindex(const char *name)',
);

export const getsockname: (fd: number, address: Uint8Array, length: Uint8Array) => number = libc.func(
  'int getsockname(int fd, void *address, void *length)',
);
/** Blocks its thread for up to `timeoutMs`. `fds`: the address of `count` struct pollfd. */
export const poll: (fds: number, count: number, timeoutMs: number) => number = libc.func(
  'int poll(uintptr_t fds, unsigned long count, int timeout)',
);
/** `messages`: the address of `count` struct mmsghdr. */
export const recvmmsg: (fd: number, messages: number, count: number, flags: number, timeout: null) => number =
  libc.func('int recvmmsg(int fd, uintptr_t messages, unsigned int count, int flags, void *timeout)');
export const sendmmsg: (fd: number, messages: number, count: number, flags: number) => number = libc.func(
  'int sendmmsg(int fd, uintptr_t messages, unsigned int count, int flags)',
);
export const eventfd: (value: number, flags: number) => number = libc.func(
  'int eventfd(unsigned int value, int flags)',
);
/** -1 when it failed. */
export const mmap: (
  at: number,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => number = libc.func(
  'intptr_t mmap(intptr_t at, size_t length, int protection, int flags, int fd, int64_t offset)',
);
export const munmap: (at: number, length: number) => number = libc.func(
  'int munmap(intptr_t at, size_t length)',
);

/**
 * Where a buffer lies. It stays there while it is referenced, if it was made by `new ArrayBuffer`: V8 keeps small typed
 * arrays that were not in a heap that moves.
 */
export const addressOf = (buffer: ArrayBuffer): number => Number(koffi.address(buffer));

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
