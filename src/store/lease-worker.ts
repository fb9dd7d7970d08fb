// Runs in a worker thread: the only code that waits for the lease file's disk.
import { parentPort, workerData } from 'node:worker_threads';
import { openLeaseFile } from './lease-file.ts';
import type { LeaseRequest, LeaseResponse } from './lease-store.ts';

const file = openLeaseFile((workerData as { file: string }).file);

function answer(request: LeaseRequest): LeaseResponse {
  try {
    if (request.kind === 'commit') file.commit(request.leases);
    if (request.kind === 'close') file.close();
    return { id: request.id, leases: request.kind === 'load' ? file.load() : [], failure: null };
  } catch (error) {
    return { id: request.id, leases: [], failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (request: LeaseRequest) => parentPort?.postMessage(answer(request)));
