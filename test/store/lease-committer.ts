// Commits lease after lease to a file or a PostgreSQL and prints each address once it is on disk, until it is killed.
// Run by lease-store.test.ts and lease-postgres.test.ts.
import { openPostgresLeases } from '../../src/store/lease-postgres.ts';
import { openLeaseStore } from '../../src/store/lease-store.ts';

const [where = ''] = process.argv.slice(2);
const store = await (where.startsWith('postgresql:') ? openPostgresLeases(where) : openLeaseStore(where));
for (let index = 0; ; index++) {
  const address = `10.0.${index >> 8}.${index & 255}`;
  const mac = `02:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
  await store.commit([
    { network: 'n', address, mac, state: 'bound', expiresAtMs: index, uuid: null, hostname: null },
  ]);
  process.stdout.write(`${address}\n`);
}
