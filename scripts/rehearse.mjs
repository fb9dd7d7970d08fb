// `npm run rehearse`: sets this machine up, then plays the whole bring-up on a virtual rack.
import { join } from 'node:path';
import { runProgram } from './run-program.mjs';
import { ROOT, setUp } from './setup.mjs';
import { runScript } from './setup-error.mjs';

await runScript('rehearse', async () => {
  const seconds = await setUp('rehearse');
  const env = { ...process.env, BLACKSTART_SETUP_SECONDS: seconds.toFixed(1) };
  const args = ['rehearse', ...process.argv.slice(2)];
  const { exitCode } = await runProgram(join(ROOT, 'bin/blackstart'), args, { env, show: true });
  return exitCode;
});
