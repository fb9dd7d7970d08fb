import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { BlackstartError } from '../errors.ts';
import { startDetached } from '../exec/detached.ts';
import { lastLines, tryRun } from '../exec/run.ts';
import type { RackSpec } from './machine.ts';
import { rackNamespace } from './network.ts';
import { recordProcess } from './process-record.ts';

/** A boot is some 60 frames; together these keep a capture below 200 kB whatever else happens. */
const MAX_FRAMES = 180;
const MAX_FRAME_BYTES = 1024;

const START_LIMIT_MS = 10_000;
const POLL_MS = 50;

/**
 * Records what each machine says while it netboots, one file `<machine>.pcap` in `dir`. Call it
 * before any machine is switched on. The recorders end with the rack. Throws when tcpdump is missing or fails.
 */
export async function startCaptures(
  spec: RackSpec,
  dir: string,
  httpPort: number,
  clock: Clock,
): Promise<void> {
  const version = await tryRun('tcpdump', ['--version']);
  if (version.exitCode !== 0)
    throw new BlackstartError('E_PROGRAM_MISSING', 'there is no tcpdump on this host', {
      remedy: '"apt-get install tcpdump", or leave "--capture" out.',
    });
  await mkdir(resolve(dir), { recursive: true });
  for (const { name, mac } of spec.machines) {
    const log = join(spec.dir, `capture-${name}.log`);
    const args = tcpdumpArgs(join(resolve(dir), `${name}.pcap`), bootFilter(mac, httpPort));
    const command = ['netns', 'exec', rackNamespace(spec.name), 'tcpdump', ...args];
    const pid = await startDetached('ip', command, log);
    await recordProcess(spec.dir, pid, `tcpdump ${name}`);
    await untilListening(log, clock);
  }
}

/**
 * Listens at the switch, which in promiscuous mode sees every frame once: simulated machines have no tap. Each frame
 * is on disk at once (`-U`), so that a rack that crashes leaves whole files.
 */
const tcpdumpArgs = (file: string, filter: string): string[] => [
  ...['-i', 'prov', '-w', file, '-U', '--immediate-mode', '-n', '-Z', 'root'],
  ...['-c', `${MAX_FRAMES}`, '-s', `${MAX_FRAME_BYTES}`],
  filter,
];

/** As an HTTP request or answer begins. */
const HTTP_BEGINNINGS = ['GET ', 'HEAD', 'POST', 'HTTP'];

/**
 * What a boot consists of, without its bulk: the machine's own DHCP (by chaddr: offers are broadcast to all), router
 * solicitations and advertisements, of TFTP the requests, option answers, errors, first and last blocks, of HTTP on
 * the boot port the openings, the machine's closings, and the beginnings of requests and answers. As pcap-filter(7).
 */
export function bootFilter(mac: string, httpPort: number): string {
  const hex = mac.replaceAll(':', '');
  const begins = HTTP_BEGINNINGS.map(
    (text) => `tcp[((tcp[12] & 0xf0) >> 2):4] = 0x${Buffer.from(text).toString('hex')}`,
  );
  const parts = {
    dhcp: `udp and (port 67 or port 68 or port 4011) and udp[36:4] = 0x${hex.slice(0, 8)} and udp[40:2] = 0x${hex.slice(8)}`,
    neighbour: `icmp6 and ((ether host ${mac} and ip6[40] = 133) or ip6[40] = 134)`,
    tftpHead: `udp and ether host ${mac} and not port 67 and not port 68 and (udp[8:2] = 1 or udp[8:2] = 5 or udp[8:2] = 6)`,
    tftpBlocks: `udp and ether host ${mac} and not port 67 and not port 68 and ((udp[8:2] = 3 and (udp[10:2] = 1 or udp[4:2] < 1480)) or (udp[8:2] = 4 and udp[10:2] <= 1))`,
    httpOpen: `ether host ${mac} and tcp port ${httpPort} and tcp[tcpflags] & tcp-syn != 0`,
    httpClose: `ether src ${mac} and tcp port ${httpPort} and tcp[tcpflags] & tcp-fin != 0`,
    httpText: `ether host ${mac} and tcp port ${httpPort} and (${begins.join(' or ')})`,
  };
  return Object.values(parts)
    .map((part) => `(${part})`)
    .join(' or ');
}

async function untilListening(log: string, clock: Clock): Promise<void> {
  const deadlineMs = clock.nowMs() + START_LIMIT_MS;
  for (;;) {
    const said = await readFile(log, 'utf8');
    if (/listening on/.test(said)) return;
    if (clock.nowMs() > deadlineMs)
      throw new BlackstartError('E_CAPTURE', 'tcpdump does not listen', {
        remedy: `It said: ${lastLines(said, 5) || '(nothing)'}`,
      });
    await clock.sleep(POLL_MS);
  }
}
