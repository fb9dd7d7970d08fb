import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryRun } from '../../src/exec/run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The scripts and the launcher in a checkout of their own, with the programs they call replaced by recorders. */
export function fakeCheckout(dir: string, programs: Record<string, string>) {
  for (const part of ['scripts', 'bin']) cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  cpSync(join(ROOT, 'package-lock.json'), join(dir, 'package-lock.json'));
  mkdirSync(join(dir, 'fake-bin'));
  for (const [name, body] of Object.entries(programs))
    writeFileSync(join(dir, 'fake-bin', name), `#!/bin/sh\necho "${name} $*" >> ${dir}/calls\n${body}\n`, {
      mode: 0o755,
    });
  const node = `mkdir -p ${dir}/node_modules/.bin; printf '#!/bin/sh\\necho v24.0.0\\n' > ${dir}/node_modules/.bin/node
    chmod +x ${dir}/node_modules/.bin/node; cp ${dir}/package-lock.json ${dir}/node_modules/.package-lock.json`;
  if (!programs['npm'])
    writeFileSync(join(dir, 'fake-bin/npm'), `#!/bin/sh\necho "npm $*" >> ${dir}/calls\n${node}\n`, {
      mode: 0o755,
    });
  const setUp = (purpose: string) =>
    tryRun(process.execPath, [join(dir, 'scripts/setup.mjs'), '--for', purpose], {
      env: { PATH: `${join(dir, 'fake-bin')}:/usr/bin:/bin` },
    });
  const calls = () => (existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8') : '');
  return { setUp, calls };
}
