import type { BenchContext } from './bench.ts';
import { median, type Row, rounded } from './findings.ts';

/** One figure of one run. */
export interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

/** Something that is measured. Its name tells how durable its answers are, where that is a question. */
export interface Subject {
  readonly name: string;
}

/** One question that every subject is asked. It starts the subject afresh, and stops it. */
export interface Case<S extends Subject> {
  readonly name: string;
  run(subject: S): Promise<readonly Figure[]>;
}

/**
 * Puts every case to every subject in turn, `runs` times over, so that a machine that gets busier or warmer meanwhile
 * harms all alike; then takes the medians. Figures of a run that are NaN (nothing to measure) are left out.
 */
export async function interleave<S extends Subject>(
  cases: readonly Case<S>[],
  subjects: readonly S[],
  { runs, say, signal }: BenchContext,
): Promise<Row[]> {
  const found = new Map<string, { row: Omit<Row, 'value' | 'runs'>; values: number[] }>();
  for (let run = 1; run <= runs; run += 1)
    for (const each of cases)
      for (const subject of subjects) {
        signal.throwIfAborted();
        const figures = await each.run(subject);
        say(`run ${run}/${runs} ${each.name}: ${subject.name}: ${figures.map(printFigure).join(', ')}`);
        for (const { metric, value, unit } of figures) {
          const key = JSON.stringify([each.name, subject.name, metric]);
          const entry = found.get(key) ?? {
            row: { case: each.name, subject: subject.name, metric, unit },
            values: [],
          };
          if (!Number.isNaN(value)) entry.values.push(value);
          found.set(key, entry);
        }
      }
  return [...found.values()]
    .filter(({ values }) => values.length > 0)
    .map(({ row, values }) => ({ ...row, value: rounded(median(values)), runs: values.length }));
}

const printFigure = ({ metric, value, unit }: Figure): string =>
  `${metric} ${rounded(value)} ${unit}`.trimEnd();

/** The median that was found; NaN when it was not. */
export const figureOf = (rows: readonly Row[], inCase: string, subject: string, metric: string): number =>
  rows.find((row) => row.case === inCase && row.subject === subject && row.metric === metric)?.value ??
  Number.NaN;
