import type { Clock } from '../clock.ts';
import { endIronic, recordedIronic, runningIronic } from './ironic-process.ts';
import type { UndercloudSettings } from './settings.ts';

/**
 * Ends Ironic and lets nobody start it again by itself. Its nodes stay as they are: what waits for a machine is taken
 * up again at the next start. True when one was running. Stop the watcher first.
 */
export async function stopUndercloud(
  settings: Pick<UndercloudSettings, 'dir'>,
  clock: Clock,
): Promise<boolean> {
  const running = await runningIronic(settings);
  const known = running ?? (await recordedIronic(settings.dir));
  if (known !== null) await endIronic(settings.dir, known, clock);
  return running !== null;
}
