// The lease table of several seeds, and what is asked of it. `revision` is the transaction that wrote a row last,
// `seed` the process that did: nobody is told what it wrote itself.

export const CHANNEL = 'blackstart_lease';

/** Two seeds may start at once: the lock keeps one from making what the other makes. */
export const CREATE = `
  SELECT pg_advisory_xact_lock(hashtext('blackstart_lease'));
  CREATE TABLE IF NOT EXISTS blackstart_lease (
    network text NOT NULL,
    address text NOT NULL,
    mac text NOT NULL,
    state text NOT NULL CHECK (state IN ('bound', 'released', 'declined')),
    expires_at_ms bigint NOT NULL,
    uuid text,
    hostname text,
    seed text NOT NULL,
    revision xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (network, address)
  );
  CREATE INDEX IF NOT EXISTS blackstart_lease_mac ON blackstart_lease (network, mac);
  CREATE INDEX IF NOT EXISTS blackstart_lease_revision ON blackstart_lease (revision);
`;

const COLUMNS = 'network, address, mac, state, expires_at_ms, uuid, hostname';

/**
 * Writes a batch, $1, as seed $2, but for addresses that another machine holds, by the database's clock; those written are
 * returned. Locks rows in the order of their addresses, so that two seeds rarely meet crosswise.
 */
export const PUT = `
  INSERT INTO blackstart_lease AS held (${COLUMNS}, seed)
  SELECT ${COLUMNS}, $2 FROM jsonb_to_recordset($1::jsonb) AS batch (
    network text, address text, mac text, state text, expires_at_ms bigint, uuid text, hostname text)
  ORDER BY network, address
  ON CONFLICT (network, address) DO UPDATE SET
    mac = excluded.mac, state = excluded.state, expires_at_ms = excluded.expires_at_ms,
    uuid = excluded.uuid, hostname = excluded.hostname, seed = excluded.seed, revision = pg_current_xact_id()
  WHERE held.mac = excluded.mac OR held.state = 'released'
    OR held.expires_at_ms <= extract(epoch FROM clock_timestamp()) * 1000
  RETURNING network, address`;

/** Lets go of the addresses that machines had before: $1 are the networks, $2 the MACs, $3 the addresses they have now. */
export const FORGET = `
  DELETE FROM blackstart_lease AS old
  USING unnest($1::text[], $2::text[], $3::text[]) AS own (network, mac, address)
  WHERE old.network = own.network AND old.mac = own.mac AND old.address <> own.address
    AND old.state <> 'declined'`;

/** What is on record of these addresses: $1 the networks, $2 the addresses. */
export const STANDING = `
  SELECT ${COLUMNS} FROM blackstart_lease
  JOIN unnest($1::text[], $2::text[]) AS asked (network, address) USING (network, address)`;

export const ALL = `SELECT ${COLUMNS} FROM blackstart_lease ORDER BY expires_at_ms`;

/** The oldest transaction that was not over: what it and later ones write has not been seen. */
export const HORIZON = 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon';

/** What others than seed $2 wrote since that horizon, $1; some of it perhaps seen before. */
export const SINCE = `SELECT ${COLUMNS} FROM blackstart_lease WHERE revision >= $1::xid8 AND seed <> $2`;
