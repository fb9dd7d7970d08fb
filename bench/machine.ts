import { cpus, loadavg, release } from 'node:os';
import type { Report } from './findings.ts';

/** What the figures were taken on. */
export const describeMachine = (): Report['machine'] => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  kernel: release(),
  node: process.versions.node,
});

/** A note when somebody else worked on the machine as the run began: the figures then hold as ratios at best. */
export function noteOnLoad(): string[] {
  const [load = 0] = loadavg();
  return load < 0.5 ? [] : [`the machine was not idle when the run began: load ${load.toFixed(1)}`];
}
