import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { JournalEntry } from '../store/journal.ts';

/**
 * For the crash tests: when BLACKSTART_CRASH_FILE names a file, the process kills itself with SIGKILL after each
 * journal write of a kind (node, step, phase) that the file does not list yet, having listed it. So that a supervisor
 * which starts it again and again sees it die once at every point, and then reach the end.
 */
export function crashAfterWrite(entry: JournalEntry): void {
  const file = process.env['BLACKSTART_CRASH_FILE'];
  if (file === undefined) return;
  const point = `${entry.node} ${entry.step} ${entry.phase}`;
  const seen = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  if (seen.includes(point) || entry.phase === 'interrupted') return;
  appendFileSync(file, `${point}\n`);
  process.kill(process.pid, 'SIGKILL');
}
