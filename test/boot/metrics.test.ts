import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addMetrics } from '../../src/api/serve-metrics.ts';
import type { BootSegment } from '../../src/boot/boot-segment.ts';
import { BootMetrics } from '../../src/boot/metrics.ts';
import type { BootEvent } from '../../src/boot/network-boot.ts';
import { createBootApp } from '../../src/boot/serve-http.ts';
import { serveTftp } from '../../src/boot/serve-tftp.ts';
import type { Lease } from '../../src/core/lease.ts';
import { createHttpApp } from '../../src/net/http.ts';
import { type LeaseStore, openLeaseStore } from '../../src/store/lease-store.ts';
import { FakeLeaseStore } from '../store/fake-lease-store.ts';
import { aSegment, MAC, someArtefacts } from './a-segment.ts';
import { fetchByTftp } from './tftp-client.ts';

const NOW_MS = 1_000_000;

/** `name{labels}` → value, of everything scraped. */
function read(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

async function scrape(metrics: BootMetrics): Promise<Map<string, number>> {
  const app = createHttpApp();
  addMetrics(app, metrics);
  const answer = await app.inject('/metrics');
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  await app.close();
  return read(answer.body);
}

const dhcp = (stage: BootEvent['stage'], facts: Partial<BootEvent> = {}): BootEvent => ({
  ...{
    mac: MAC,
    node: null,
    address: null,
    file: null,
    bytes: null,
    arch: 7,
    xid: 1,
    status: null,
    resends: null,
  },
  ...{
    network: 'hall',
    decision: 'tftp',
    reason: '',
    message: 'DISCOVER',
    atMs: NOW_MS,
    startedAtMs: NOW_MS,
  },
  stage,
  ...facts,
});

describe('metrics of real traffic', () => {
  const { folder, artefacts } = someArtefacts();
  const metrics = new BootMetrics(
    () => NOW_MS,
    () => ['active', 'active', 'cold'],
  );
  let segment: BootSegment;
  beforeAll(() => {
    const { segment: bare } = aSegment({ artefacts });
    segment = { ...bare, deps: { ...bare.deps, metrics, onEvent: (event) => metrics.note(event, true) } };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('HTTP: by route and status, never by path', async () => {
    const app = createBootApp(segment);
    for (const url of ['/agent/kernel', '/agent/kernel', '/agent/none', '/no/such/1', '/no/such/2'])
      await app.inject(url);
    await app.close();
    const found = await scrape(metrics);
    expect(found.get('blackstart_http_requests_total{route="/agent/:file",method="GET",status="200"}')).toBe(
      2,
    );
    expect(found.get('blackstart_http_requests_total{route="/agent/:file",method="GET",status="404"}')).toBe(
      1,
    );
    expect(found.get('blackstart_http_requests_total{route="none",method="GET",status="404"}')).toBe(2);
    expect(found.get('blackstart_http_sent_bytes_total{network="loopback",stage="kernel"}')).toBe(12);
    expect([...found.keys()].join('\n')).not.toMatch(/such/);
  });

  test('TFTP: outcomes and bytes', async () => {
    const server = await serveTftp(segment, 0);
    await fetchByTftp(server.port, 'snponly.efi');
    await fetchByTftp(server.port, '../secret').catch(() => {});
    await server.close();
    const found = await scrape(metrics);
    expect(found.get('blackstart_tftp_transfers_total{network="loopback",outcome="completed"}')).toBe(1);
    expect(found.get('blackstart_tftp_transfers_total{network="loopback",outcome="not found"}')).toBe(1);
    expect(found.get('blackstart_tftp_sent_bytes_total{network="loopback"}')).toBe('snponly.efi'.length);
  });

  test('DHCP: messages by type and outcome, the time from DISCOVER to ACK', async () => {
    metrics.note(dhcp('dhcp offer', { atMs: NOW_MS + 1 }), true);
    metrics.note(dhcp('dhcp ack', { message: 'REQUEST', atMs: NOW_MS + 4_000 }), true);
    metrics.note(
      dhcp('dhcp ack', { message: 'REQUEST', atMs: NOW_MS + 9_000, mac: '52:54:00:00:00:99' }),
      false,
    );
    const found = await scrape(metrics);
    const messages = 'blackstart_dhcp_messages_total{network="hall",message="';
    expect(found.get(`${messages}DISCOVER",outcome="offer"}`)).toBe(1);
    expect(found.get(`${messages}REQUEST",outcome="ack"}`)).toBe(2);
    expect(found.get('blackstart_dhcp_dora_seconds_sum{network="hall"}')).toBe(4);
    expect(found.get('blackstart_dhcp_dora_seconds_count{network="hall"}')).toBe(1);
    expect(found.get('blackstart_boot_events_summed_up_total{network="hall"}')).toBe(1);
  });

  test('a decision with facts in it makes no time series', async () => {
    metrics.note(dhcp('dhcp nak', { decision: 'asked for 10.1.2.3' }), true);
    const key = 'blackstart_boot_events_total{network="hall",stage="dhcp nak",decision="other"}';
    expect((await scrape(metrics)).get(key)).toBe(1);
  });
});

test('leases, pools and nodes are counted at each scrape', async () => {
  const metrics = new BootMetrics(
    () => NOW_MS,
    () => ['active', 'active', 'cold'],
  );
  const lease = (last: number, state: 'bound' | 'released', expiresAtMs = NOW_MS + 1) => ({
    address: `10.0.0.${last}`,
    state,
    expiresAtMs,
  });
  const all = [lease(1, 'bound'), lease(2, 'bound', NOW_MS - 1), lease(3, 'released'), lease(200, 'bound')];
  const inPool = (address: string) => Number(address.split('.')[3]) < 100;
  metrics.watch({ network: 'hall', poolSize: () => 10, inPool, all: () => all });
  for (let scrapes = 0; scrapes < 2; scrapes++) {
    const found = await scrape(metrics);
    expect(found.get('blackstart_dhcp_leases{network="hall",state="bound"}')).toBe(2);
    expect(found.get('blackstart_dhcp_leases{network="hall",state="expired"}')).toBe(1);
    expect(found.get('blackstart_dhcp_leases{network="hall",state="released"}')).toBe(1);
    expect(found.get('blackstart_dhcp_pool_addresses{network="hall"}')).toBe(10);
    expect(found.get('blackstart_dhcp_pool_free_addresses{network="hall"}')).toBe(9);
    expect(found.get('blackstart_nodes{state="active"}')).toBe(2);
    expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(found.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
  }
});

test('commits are counted and timed, failed ones too', async () => {
  const metrics = new BootMetrics(
    () => NOW_MS,
    () => [],
  );
  const broken: LeaseStore = {
    load: async () => [],
    commit: () => Promise.reject(new Error('no space left')),
    close: async () => {},
  };
  await metrics.meter(new FakeLeaseStore()).commit([]);
  await expect(metrics.meter(broken).commit([])).rejects.toThrow('no space left');
  const found = await scrape(metrics);
  expect(found.get('blackstart_lease_commit_seconds_count{outcome="durable"}')).toBe(1);
  expect(found.get('blackstart_lease_commit_seconds_count{outcome="failed"}')).toBe(1);
});

test('a real store tells how well its commits are gathered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bs-metrics-'));
  const metrics = new BootMetrics(
    () => NOW_MS,
    () => [],
  );
  const store = metrics.meter(await openLeaseStore(join(folder, 'leases.sqlite')));
  const lease = (last: number): Lease => ({
    ...{ network: 'hall', address: `10.0.0.${last}`, mac: `52:54:00:00:00:0${last}`, state: 'bound' },
    ...{ expiresAtMs: NOW_MS, uuid: null, hostname: null },
  });
  await Promise.all([1, 2, 3].map((last) => store.commit([lease(last)])));
  for (let scrapes = 0; scrapes < 2; scrapes++) {
    const found = await scrape(metrics);
    expect(found.get('blackstart_lease_batched_total')).toBe(3);
    expect(found.get('blackstart_lease_batches_total')).toBeLessThan(3);
  }
  await store.close();
  rmSync(folder, { recursive: true });
});
