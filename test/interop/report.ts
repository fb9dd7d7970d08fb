import { appendFileSync } from 'node:fs';

/** Notes one cell of the matrix: printed, and kept for the closing table when the whole matrix is run. */
export function report(client: string, place: string, seconds: number): void {
  console.log(`${client} | ${place} | ${seconds.toFixed(1)} s`);
  const file = process.env['BLACKSTART_INTEROP_REPORT'];
  if (file) appendFileSync(file, `${JSON.stringify({ client, place, seconds })}\n`);
}
