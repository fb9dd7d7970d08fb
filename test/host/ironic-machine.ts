import { join } from 'node:path';
import { run } from '../../src/exec/run.ts';

/** Ironic's own state machine. */
interface RealMachine {
  readonly states: string[];
  readonly verbs: string[];
  readonly moves: string[];
  readonly lookup: string[];
}

/** Reads it out of the installed Ironic. */
export async function readMachine(venvDir: string): Promise<RealMachine> {
  const script = [
    'import json',
    'from ironic.common import states, state_machine',
    'm = state_machine.machine',
    'moves = [f"{s} -{e}-> {m._transitions[s][e].name}" for s in m._transitions for e in m._transitions[s]]',
    'out = dict(states=sorted(states.ALL_STATES), verbs=sorted(states.VERBS), moves=moves,',
    '           lookup=sorted(states.FASTTRACK_LOOKUP_ALLOWED_STATES))',
    'print(json.dumps(out))',
  ].join('\n');
  const said = await run(join(venvDir, 'bin/python'), ['-W', 'ignore', '-c', script]);
  return JSON.parse(said.stdout.split('\n').at(-1) ?? '') as RealMachine;
}
