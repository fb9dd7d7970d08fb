import { systemClock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import { run } from '../exec/run.ts';
import { readBehaviour } from './fake-behaviour.ts';
import { FakeDisk } from './fake-disk.ts';
import { bootMachine } from './fake-firmware.ts';
import type { FakeHost } from './fake-host.ts';
import type { BootOrder, FromFakeMachine, ToFakeMachine } from './fake-machine-protocol.ts';

/**
 * One power-on of a simulated machine, as a process in a network namespace of its own. Switching it off is SIGKILL;
 * when the rack goes, its messages end, and so does this.
 */
function main(): void {
  let host: FakeHost | null = null;
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: ToFakeMachine) => {
    if (message.kind === 'power-button') host?.onPowerButton?.(message.then);
    else if (!host) {
      host = createHost(message.order);
      void powerOn(host, message.order);
    }
  });
  tell({ kind: 'ready' });
}

async function powerOn(host: FakeHost, order: BootOrder): Promise<void> {
  try {
    await run('ip', ['link', 'set', 'lo', 'up']);
    await bootMachine(host, order.target);
  } catch (error) {
    console.error(error instanceof Error ? error.stack : reasonOf(error));
    process.exit(1);
  }
}

function createHost({ spec, dir, timeScale }: BootOrder): FakeHost {
  return {
    spec,
    dir,
    timeScale,
    disk: new FakeDisk(dir),
    behaviour: readBehaviour(spec.behaviours ?? []),
    clock: systemClock,
    signal: new AbortController().signal, // the power goes by SIGKILL
    record: (event, why) => tell({ kind: 'event', event, why }),
    print: (line) => tell({ kind: 'console', line }),
    end: (how, why) => tell({ kind: 'ends', how, why }),
    onPowerButton: null,
  };
}

const tell = (message: FromFakeMachine): void => {
  process.send?.(message);
};

main();
