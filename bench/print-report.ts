import type { Report } from './findings.ts';

/** The report as text: one table of figures, the ratios with their targets, the notes. */
export function printReport({ bench, machine, rows, ratios, notes }: Report): string {
  const { cpu, cores, kernel, node } = machine;
  const parts = [`${bench}: ${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`];
  if (rows.length > 0)
    parts.push(
      table([
        ['CASE', 'SUBJECT', 'METRIC', 'VALUE', 'UNIT', 'RUNS'],
        ...rows.map((row) => [
          row.case,
          row.subject,
          row.metric,
          String(row.value),
          row.unit,
          String(row.runs),
        ]),
      ]),
    );
  if (ratios.length > 0)
    parts.push(
      table([
        ['RATIO', 'VALUE', 'TARGET', 'MET'],
        ...ratios.map(({ name, value, target, met }) => [name, `${value}`, `${target}`, met ? 'yes' : 'no']),
      ]),
    );
  if (notes.length > 0) parts.push(notes.map((note) => `- ${note}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
