// Commits lease after lease and prints each address once it is on disk, until it is killed. Run by lease-store.test.ts.
import { openLeaseStore } from '../../src/store/lease-store.ts';

const store = await openLeaseStore(process.argv[2] ?? '');
for (let index = 0; ; index++) {
  const address = `10.0.${index >> 8}.${index & 255}`;
  const mac = `02:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
  await store.commit([
    { network: 'n', address, mac, state: 'bound', expiresAtMs: index, uuid: null, hostname: null },
  ]);
  process.stdout.write(`${address}\n`);
}
