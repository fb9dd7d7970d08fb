import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addMachines, withServer } from '../../bench/tftp/cases.ts';
import { benchFile, FILE, generate } from '../../bench/tftp/load.ts';
import { OFFLOADED, PLAIN } from '../../bench/tftp/own.ts';
import { layWire, type Wire } from '../../bench/wire.ts';
import { run, tryRun } from '../../src/exec/run.ts';

const missing = ['/usr/sbin/nft', '/usr/bin/tftp', '/usr/bin/curl'].filter((program) => !existsSync(program));
const whyNot =
  process.getuid?.() !== 0
    ? 'network namespaces need root'
    : missing.length > 0
      ? `missing programs: ${missing.join(' ')}`
      : null;
if (whyNot) console.log(`skipped: ${whyNot}`);

const NPM_TFTP = fileURLToPath(new URL('../../node_modules/tftp/lib/index.js', import.meta.url));
/** Its own program draws on a terminal and ends without one. */
const npmGet = (windowSize: number): [string, ...string[]] => {
  const options = JSON.stringify({ host: '10.99.0.1', windowSize, timeout: 1000, retries: 10 });
  const script = `require('${NPM_TFTP}').createClient(${options}).get('${FILE}', 'got', (error) => {
    if (error) throw error;
  });`;
  return [process.execPath, '-e', script];
};
const SERVER6 = 'fd99::1';
/** More blocks of 512 bytes than there are block numbers. */
const LONG_BYTES = 34 * 1024 * 1024;
const TEXT = 'a line\nand another\r\nand the last';

describe.skipIf(whyNot !== null).each([PLAIN, OFFLOADED])('$name', (server) => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await layWire('tftp-test', { prefixLength: 16 });
    await addMachines(wire);
    for (const [end, address] of [
      [wire.server, SERVER6],
      [wire.client, 'fd99::2'],
    ] as const)
      await run('ip', [
        '-n',
        end.namespace,
        'address',
        'add',
        `${address}/64`,
        'dev',
        end.interface,
        'nodad',
      ]);
  });
  afterAll(() => wire.close());

  /** Runs a program as a machine does; in a folder of its own. */
  const asMachine = (...command: [string, ...string[]]) =>
    tryRun('ip', ['netns', 'exec', wire.client.namespace, ...command], {
      cwd: wire.folder,
      timeoutMs: 120_000,
    });
  const got = () => readFileSync(join(wire.folder, 'got'));

  test.each([1, 16])('64 machines at 1 %% loss, window %i: every file is whole', async (windowBlocks) => {
    await withServer(wire, server, async () => {
      await wire.lose(1);
      const shape = { clients: 64, blockBytes: 1468, windowBlocks, seconds: null };
      const { completed, failed, wrongBlocks, seconds } = await generate(wire, shape);
      await wire.lose(0);
      console.log(`${server.name}, window ${windowBlocks}: 64 files in ${seconds.toFixed(2)} s`);
      expect({ completed, failed, wrongBlocks }).toEqual({ completed: 64, failed: 0, wrongBlocks: 0 });
    });
  });

  test.each([1, 16])('block numbers roll over, window %i', async (windowBlocks) => {
    await withServer(wire, server, async ({ folder }) => {
      writeFileSync(join(folder, 'served', FILE), benchFile(LONG_BYTES));
      const blockBytes = windowBlocks === 1 ? null : 512;
      const shape = { clients: 1, blockBytes, windowBlocks, seconds: null, fileBytes: LONG_BYTES };
      const { completed, failed, wrongBlocks, dataPackets } = await generate(wire, shape);
      expect({ completed, failed, wrongBlocks }).toEqual({ completed: 1, failed: 0, wrongBlocks: 0 });
      expect(dataPackets).toBe(LONG_BYTES / 512 + 1);
    });
  });

  describe('programs that are not ours', () => {
    test.each<[string, string, [string, ...string[]]]>([
      ['curl by IPv6', 'binary', ['curl', '-sgo', 'got', `tftp://[${SERVER6}]/${FILE}`]],
      ['npm tftp', 'binary', npmGet(1)],
      ['npm tftp, window 16', 'binary', npmGet(16)],
      ['tftp-hpa, as text', 'text', ['tftp', '-4', '-m', 'ascii', '10.99.0.1', '-c', 'get', FILE, 'got']],
    ])('%s gets the whole file', async (_, content, command) => {
      await withServer(wire, server, async ({ folder }) => {
        const file = content === 'text' ? Buffer.from(TEXT) : Buffer.from(benchFile());
        writeFileSync(join(folder, 'served', FILE), file);
        rmSync(join(wire.folder, 'got'), { force: true });
        const { exitCode, stderr } = await asMachine(...command);
        expect([exitCode, stderr]).toEqual([0, '']);
        expect(got().equals(file)).toBe(true);
      });
    });
  });
});
