import { z } from 'zod';
import { hostName, patterned } from './vocabulary.ts';

const cpus = z.int().min(1).max(64);
const memoryMib = z.int().min(512).max(1_048_576);
const diskGib = z.int().min(1).max(65_536);

const machine = z.strictObject({
  cpus: cpus.optional().describe('Virtual processors of this machine.'),
  memoryMib: memoryMib.optional().describe('Memory of this machine, in MiB.'),
  diskGib: diskGib.optional().describe('Disk of this machine, in GiB.'),
  behaviours: z
    .array(patterned('a word like silent or slow=5', /^[a-z-]{1,40}(=\d{1,6})?$/))
    .default([])
    .describe('What a simulated machine does wrong, such as silent: its agent never calls back.'),
});

/** What the virtual rack needs to know. The product itself never reads it. */
export const rehearsalSchema = z.strictObject({
  cpus: cpus.default(1).describe('Virtual processors of a machine.'),
  memoryMib: memoryMib.default(2048).describe('Memory of a machine, in MiB. The ramdisk lives in it.'),
  diskGib: diskGib.default(8).describe('Disk of a machine, in GiB; takes space only as it is written.'),
  machines: z.record(hostName, machine).default({}).describe('Exceptions by node name.'),
});
