import Database from 'better-sqlite3';
import type { Lease } from '../core/lease.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS lease (
    network TEXT NOT NULL,
    address TEXT NOT NULL,
    mac TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('bound', 'released', 'declined')),
    expiresAtMs INTEGER NOT NULL,
    uuid TEXT,
    hostname TEXT,
    PRIMARY KEY (network, address)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS lease_mac ON lease (network, mac);
`;

/** The lease file itself, synchronous: only the worker thread opens it. */
export function openLeaseFile(path: string) {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(SCHEMA);
  const forget = db.prepare(
    `DELETE FROM lease INDEXED BY lease_mac WHERE network = @network AND mac = @mac AND address <> @address AND state <> 'declined'`,
  );
  const put = db.prepare(
    `INSERT INTO lease (network, address, mac, state, expiresAtMs, uuid, hostname)
     VALUES (@network, @address, @mac, @state, @expiresAtMs, @uuid, @hostname)
     ON CONFLICT (network, address) DO UPDATE SET mac = excluded.mac, state = excluded.state,
       expiresAtMs = excluded.expiresAtMs, uuid = excluded.uuid, hostname = excluded.hostname`,
  );
  const all = db.prepare<[], Lease>('SELECT * FROM lease ORDER BY expiresAtMs');
  const commit = db.transaction((leases: readonly Lease[]) => {
    for (const lease of leases) {
      if (lease.state !== 'declined') forget.run(lease);
      put.run(lease);
    }
  });
  return { load: () => all.all(), commit, close: () => db.close() };
}
