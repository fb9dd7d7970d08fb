import { type Boot, type BootStep, type StepSpan, spansOf, stepsOf } from '../core/boot-story.ts';
import { explainSilence, LOOK } from '../core/diagnosis.ts';
import type { TraceRow } from '../store/trace-event.ts';
import { archOf } from '../wire/arch.ts';
import { duration, table } from './output.ts';

const BAR_COLUMNS = 40;

export interface BootHeading {
  /** The node's name, or the MAC address of a machine that is none. */
  readonly name: string;
  readonly isNode: boolean;
  readonly boots: number;
  readonly isLast: boolean;
  readonly nowMs: number;
}

/** One boot for people: what it is, where the time went, every event, and where it stands. */
export function showBoot(boot: Boot<TraceRow>, heading: BootHeading): string {
  const end = heading.isLast ? showEnd(boot, heading) : [];
  const parts = [showHeading(boot, heading), showSpans(boot), showEvents(boot.events, boot.startedAtMs)];
  return [...parts.filter((part) => part !== ''), ...end].join('\n\n');
}

function showHeading(
  { number, startedAtMs, poweredAtMs, events }: Boot<TraceRow>,
  heading: BootHeading,
): string {
  const arch = events.find((event) => event.arch !== null)?.arch ?? null;
  const facts = [
    [...new Set(events.map(({ mac }) => mac))].join(' '),
    arch === null ? null : archOf(arch).text,
    events.findLast(({ address }) => address !== null)?.address ?? null,
    events[0]?.network ?? null,
  ].filter((fact) => fact !== null && fact !== '' && fact !== heading.name);
  const began = poweredAtMs === null ? 'first seen' : 'switched on';
  return `${[heading.name, ...facts].join(', ')}\nboot ${number} of ${heading.boots}, ${began} ${timeOf(startedAtMs)}`;
}

const timeOf = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');

/** A row for each part of the boot, with a bar where it lies in the whole. */
function showSpans(boot: Boot<TraceRow>): string {
  const spans = spansOf(boot).filter(({ step }) => step !== 'other');
  const wholeMs = Math.max(1, ...spans.map(({ toMs }) => toMs - boot.startedAtMs));
  const rows = spans.map((span) => [
    span.step,
    seconds(span.fromMs - boot.startedAtMs),
    seconds(span.toMs - span.fromMs),
    bar(span, boot.startedAtMs, wholeMs),
  ]);
  return rows.length === 0 ? '' : table(['STEP', 'AT', 'TOOK', ''], rows.map(alignRight([1, 2], rows)));
}

function bar({ fromMs, toMs }: StepSpan, startMs: number, wholeMs: number): string {
  const column = (ms: number) => Math.round(((ms - startMs) / wholeMs) * BAR_COLUMNS);
  const from = Math.min(column(fromMs), BAR_COLUMNS - 1);
  const length = column(toMs) - from;
  return `${' '.repeat(from)}${length > 0 ? '█'.repeat(length) : '▏'}`;
}

/** Seconds with as many digits as they are worth. */
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 1_000 ? 3 : ms < 100_000 ? 2 : 0)} s`;

/** Every event in a line; what repeats itself is one line. */
export function showEvents(events: readonly TraceRow[], startMs: number): string {
  const steps = stepsOf(events);
  const rows: string[][] = [];
  let last: { key: string; count: number; step: BootStep | undefined } | null = null;
  events.forEach((event, index) => {
    const key = [event.stage, event.decision, event.reason, event.file, event.mac].join('\0');
    if (last?.key === key) {
      last.count += event.repeats;
      const row = rows.at(-1);
      if (row) row[5] = `${event.reason} (${last.count} times, last at ${seconds(event.atMs - startMs)})`;
      return;
    }
    last = { key, count: event.repeats, step: steps[index] };
    rows.push(rowOf(event, startMs));
  });
  if (rows.length === 0) return '';
  return table(['AT', 'EVENT', 'DECISION', 'TOOK', 'WHAT', 'WHY'], rows.map(alignRight([0, 3], rows)));
}

function rowOf(event: TraceRow, startMs: number): string[] {
  const { atMs, startedAtMs, stage, decision, reason, message, file, bytes, status, resends } = event;
  const tookMs = atMs - (startedAtMs ?? atMs);
  const what = [
    message,
    file,
    bytes === null || bytes === 0 ? null : size(bytes),
    status === null || status === 200 ? null : `HTTP ${status}`,
    resends === null || resends === 0 ? null : `${resends} blocks sent again`,
  ];
  return [
    seconds(atMs - startMs),
    stage,
    decision,
    tookMs > 0 ? seconds(tookMs) : '',
    what.filter((part) => part !== null).join(' ') || ' ', // nothing is no dash here
    reason,
  ];
}

const size = (bytes: number): string =>
  bytes < 10_000
    ? `${bytes} B`
    : bytes < 10_000_000
      ? `${(bytes / 1000).toFixed(0)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;

/** Numbers stand under each other. */
function alignRight(columns: readonly number[], rows: readonly (readonly string[])[]) {
  const widths = columns.map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return (row: readonly string[]): string[] =>
    row.map((cell, column) =>
      columns.includes(column) ? cell.padStart(widths[columns.indexOf(column)] ?? 0) : cell,
    );
}

/** What happens between two packets of a netboot that goes on takes no longer, but for slow firmware. */
const PAUSE_MS = 30_000;

/** Where the machine stands, and what is missing next. */
function showEnd({ events }: Boot<TraceRow>, { nowMs, name, isNode }: BootHeading): string[] {
  const ago = (row: TraceRow) => `${duration(Math.max(0, nowMs - row.atMs))} ago`;
  const steps = stepsOf(events);
  const lastOf = (step: BootStep) => events[steps.lastIndexOf(step)];
  const system = lastOf('system DHCP');
  if (system) return [`Its installed system asked for an address ${ago(system)}: the netboot is complete.`];
  const agent = events.findLast(({ stage, decision }) => stage === 'inventory' && decision === 'taken');
  if (agent) return [`Its agent called back ${ago(agent)}: the netboot is complete.`];
  const { waiting, seen, remedy } = explainSilence(events, nowMs);
  const last = events.at(-1);
  if (last && nowMs - last.atMs < PAUSE_MS) return [`Under way: ${waiting}.`];
  const look = isNode ? `Look at its screen with "blackstart nodes console ${name}".` : 'Look at its screen.';
  return [`Where it stands: ${seen}.\n  → ${remedy.replace(LOOK, look).replaceAll('NODE', name)}`];
}
