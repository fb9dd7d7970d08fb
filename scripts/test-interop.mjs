// `npm run test:interop`: every firmware and client program in every mode and loss, and a table of what each took.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.mjs';
import { ROOT, setUp } from './setup.mjs';
import { runScript } from './setup-error.mjs';

const say = (line) => process.stdout.write(`${line}\n`);

/** Rows are clients, columns where they were: seconds, or nothing where a cell failed or does not exist. */
export function interopTable(cells) {
  const places = [...new Set(cells.map(({ place }) => place))];
  const clients = [...new Set(cells.map(({ client }) => client))];
  const secondsOf = (client, place) =>
    cells.find((cell) => cell.client === client && cell.place === place)?.seconds.toFixed(1) ?? '';
  const rows = [
    ['seconds', ...places],
    ...clients.map((client) => [client, ...places.map((place) => secondsOf(client, place))]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

if (process.argv[1] === import.meta.filename)
  await runScript('test:interop', async () => {
    await setUp('test');
    const dir = mkdtempSync(join(tmpdir(), 'bs-interop-table-'));
    const report = join(dir, 'cells.jsonl');
    const env = {
      ...process.env,
      PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
      BLACKSTART_INTEROP: 'full',
      BLACKSTART_INTEROP_REPORT: report,
    };
    const { exitCode } = await runProgram('vitest', ['run', '--project', 'interop'], {
      env,
      cwd: ROOT,
      show: true,
    });
    const lines = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n') : [];
    say(`\n${interopTable(lines.map((line) => JSON.parse(line)))}`);
    rmSync(dir, { recursive: true });
    return exitCode;
  });
