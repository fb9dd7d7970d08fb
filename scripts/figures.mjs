// `node scripts/figures.mjs warm|cold REPORT [LOG [NOTE]]`: keeps a rehearsal's report as the published figures, what it
// printed as the published transcript and what else is to be known of it, and writes README.md from them. With
// `bench REPORT` it keeps a benchmark's. Without arguments it only writes README.md.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScript, SetupError } from './setup-error.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FIGURES = join(ROOT, 'docs/figures/rehearsal.json');
const TRANSCRIPT = join(ROOT, 'docs/figures/rehearsal.txt');
const README = join(ROOT, 'README.md');
const KINDS = ['warm', 'cold'];
const POINTS = ['kernel', 'discovered', 'active', 'login'];

const readFigures = () => (existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, 'utf8')) : {});
const readTranscript = () => (existsSync(TRANSCRIPT) ? readFileSync(TRANSCRIPT, 'utf8') : '');

/** Markdown of the figures: one row a machine, then what the runs took as a whole. */
export function figuresTable(figures) {
  const runs = KINDS.filter((kind) => figures[kind]).map((kind) => ({ kind, ...figures[kind] }));
  const [shown] = runs;
  if (!shown) return 'No run has been recorded yet.';
  return [
    `Seconds from power-on, ${shown.report.nodes.length} machines side by side (${shown.kind} run):`,
    '',
    row(['machine', 'firmware', ...POINTS]),
    row(['---', '---', ...POINTS.map(() => '---:')]),
    ...shown.report.nodes.map(({ name, firmware, seconds }) =>
      row([name, firmware, ...POINTS.map((point) => figure(seconds[point]))]),
    ),
    '',
    row(['run', 'total', 'of that set-up', 'of that builds', 'seed, peak', 'Ironic']),
    row(['---', '---:', '---:', '---:', '---:', '---:']),
    ...runs.map(({ kind, report: { seconds, memoryMiB } }) =>
      row([
        kind,
        `${figure(seconds.total)} s`,
        `${figure(seconds.setup)} s`,
        `${figure(seconds.build)} s`,
        `${figure(memoryMiB.seed)} MiB`,
        `${figure(memoryMiB.ironic)} MiB`,
      ]),
    ),
    '',
    ...runs.map(({ kind, date, commit, machine, note }) =>
      [`${kind}: ${date}, commit ${commit}, ${machine}`, ...(note ? [note] : [])].join('; ').concat('.  '),
    ),
  ].join('\n');
}

/** Markdown of the benchmarks that were kept: each ratio, its target, and what is to be known of the runs. */
export function benchTable(reports) {
  if (reports.length === 0) return 'No benchmark has been recorded yet.';
  return [
    row(['`npm run bench --`', 'figure', 'value', 'target', 'met']),
    row(['---', '---', '---:', '---:', '---']),
    ...reports.flatMap(({ report: { bench, ratios } }) =>
      ratios.map(({ name, value, target, met }) =>
        row([bench, name, figure(value), figure(target), met ? 'yes' : 'no']),
      ),
    ),
    '',
    ...reports.map(({ date, commit, report: { bench, machine, rows, notes } }) =>
      [`${bench}: ${date}, commit ${commit}`, `${rows[0]?.runs} runs`, machine, ...(notes ?? [])]
        .join('; ')
        .concat('.  '),
    ),
  ].join('\n');
}

const row = (cells) => `| ${cells.join(' | ')} |`;
const figure = (value) => (value === null || value === undefined ? '–' : String(value));

/** What a rehearsal printed, without progress: what was done, each state of the first machine, the closing table. */
export function transcriptOf(log) {
  const lines = log.split('\n').map((line) => line.trimEnd());
  const table = lines.indexOf('Seconds from power-on:');
  const [, watched] = /^› (\S+) cold: /m.exec(log) ?? [];
  let state = '';
  const kept = lines.slice(0, table).filter((line) => {
    const [, name, next] = /^› (\S+) ([a-z -]+): ./.exec(line) ?? [];
    if (name === undefined) return /^(setup:|✔|› ✔)/.test(line);
    if (name !== watched || next === state) return false;
    state = next;
    return true;
  });
  const total = lines.findIndex((line, at) => at > table && line.startsWith('total '));
  return [...kept, '', ...lines.slice(table, total + 1)].join('\n');
}

/** README with its three generated parts made anew. Throws SetupError when their marks are not there. */
export const withGenerated = (text, figures, transcript, benchmarks) =>
  [
    ['transcript', `\`\`\`\n$ npm run rehearse\n${transcript.trimEnd()}\n\`\`\``],
    ['figures', figuresTable(figures)],
    ['benchmarks', benchTable(benchmarks)],
  ].reduce((whole, [part, generated]) => replaced(whole, part, generated), text);

function replaced(text, part, generated) {
  const begin = `<!-- ${part}: written by scripts/figures.mjs -->`;
  const [from, to] = [text.indexOf(begin), text.indexOf(`<!-- end of ${part} -->`)];
  if (from < 0 || to < from)
    throw new SetupError(`README.md has no place for the ${part}`, `Put back "${begin}" and its end.`);
  return `${text.slice(0, from + begin.length)}\n${generated}\n${text.slice(to)}`;
}

const firstLine = (program, args) =>
  execFileSync(program, args, { encoding: 'utf8', cwd: ROOT }).split('\n')[0].trim();

function describeMachine() {
  const [{ model }] = cpus();
  const os = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const qemu = /version ([0-9.]+)/.exec(firstLine('qemu-system-x86_64', ['--version']))?.[1];
  const memoryGib = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} × ${model.trim()}, ${memoryGib} GiB, ${os}, QEMU ${qemu} without KVM`;
}

function record(kind, file, log, note) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  if (!report.ok) throw new SetupError(`${file} tells of a run that failed`, 'Publish one that passed.');
  const entry = {
    date: new Date().toISOString().slice(0, 10),
    commit: firstLine('git', ['rev-parse', '--short', 'HEAD']),
    machine: describeMachine(),
    ...(note ? { note } : {}),
    report,
  };
  writeFileSync(FIGURES, `${JSON.stringify({ ...readFigures(), [kind]: entry }, null, 2)}\n`);
  if (log) writeFileSync(TRANSCRIPT, `${transcriptOf(readFileSync(log, 'utf8'))}\n`);
}

/** The benchmarks that were kept, by name. */
export const readBenchmarks = () =>
  readdirSync(join(ROOT, 'docs/figures'))
    .filter((name) => name.startsWith('bench-'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(ROOT, 'docs/figures', name), 'utf8')));

function recordBench(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const entry = {
    date: new Date().toISOString().slice(0, 10),
    commit: firstLine('git', ['rev-parse', '--short', 'HEAD']),
    report,
  };
  writeFileSync(join(ROOT, `docs/figures/bench-${report.bench}.json`), `${JSON.stringify(entry, null, 2)}\n`);
}

const isMain = process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain)
  await runScript('figures', async () => {
    const [kind, file, log, note] = process.argv.slice(2);
    if (kind !== undefined && (![...KINDS, 'bench'].includes(kind) || !file))
      throw new SetupError(
        'nothing to record',
        'Use "node scripts/figures.mjs warm|cold REPORT [LOG [NOTE]]" or "… bench REPORT".',
      );
    if (kind === 'bench') recordBench(file);
    else if (kind !== undefined) record(kind, file, log, note);
    const text = readFileSync(README, 'utf8');
    writeFileSync(README, withGenerated(text, readFigures(), readTranscript(), readBenchmarks()));
    return 0;
  });
