import { closeSync, writeSync } from 'node:fs';
import { eventfd, SOCK_CLOEXEC, SOCK_NONBLOCK } from './libc.ts';

/** A descriptor that wakes a thread which sleeps in poll(2). */
export interface WakeEvent {
  readonly fd: number;
  wake(): void;
  close(): void;
}

export function openWakeEvent(): WakeEvent {
  const fd = eventfd(0, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) throw new Error('no eventfd: too many open files');
  const one = new BigUint64Array([1n]);
  return {
    fd,
    wake: () => void writeSync(fd, one),
    close: () => closeSync(fd),
  };
}
