import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';

/** The CPU time of a process and of all that it starts, ended ones too, by a control group of its own. */
export interface CpuMeter {
  micros(): number;
  /** Ends what still runs. */
  close(): Promise<void>;
}

/** Puts a process that has started nothing yet under a meter; null where there are no control groups to be had. */
export function meterCpu(pid: number): CpuMeter | null {
  const unified = existsSync(join(ROOT, 'cgroup.controllers'));
  const parent = unified ? ROOT : join(ROOT, 'cpuacct');
  const group = join(parent, `blackstart-bench-${pid}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'cgroup.procs'), `${pid}\n`);
  } catch {
    return null;
  }
  const read = (file: string) => readFileSync(join(group, file), 'utf8');
  return {
    micros: () =>
      unified
        ? Number(/^usage_usec (\d+)/m.exec(read('cpu.stat'))?.[1])
        : Number(read('cpuacct.usage')) / 1000,
    async close() {
      // A server may leave those behind whom it started: they would be measured with the next one.
      for (let attempt = 0; attempt < 50; attempt++) {
        for (const each of read('cgroup.procs').split('\n').filter(Boolean)) endNow(Number(each));
        try {
          return rmdirSync(group);
        } catch {
          await sleep(20); // one of them is still ending
        }
      }
    },
  };
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
