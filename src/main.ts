import { runCli } from './cli/program.ts';
import { openDaemon } from './daemon.ts';

// The only process.exit: a finished command leaves nothing running that it would have to wait for.
process.exit(await runCli(process.argv.slice(2), openDaemon));
