import { z } from 'zod';
import { patterned } from './vocabulary.ts';

const approve = z.enum(['manual', 'matched']);

const rule = z.strictObject({
  nodes: patterned('a selector like rack=r12', /^[^\n]{1,1000}$/).describe('Which nodes it is for.'),
  approve: approve.describe('How their matches are approved.'),
});

const newMachines = (perSecond: number) => z.number().positive().max(1_000_000).default(perSecond);

/** Ten seconds' worth may come at once: racks are switched on together. */
const limits = z.strictObject({
  perSecond: newMachines(200).describe('In all.'),
  perRelay: newMachines(100).describe('A second, behind one DHCP relay.'),
  perSwitchPort: newMachines(2).describe('A second, at one switch port, where relays tell it (option 82).'),
});

/** What happens to a machine that netboots and is no node yet. */
export const discoverySchema = z.strictObject({
  unknown: z
    .enum(['discover', 'ignore'])
    .default('discover')
    .describe(
      'What a machine with an unknown MAC address gets: the discovery ramdisk (writes to no disk), or nothing.',
    ),
  ignoreMacs: z
    .array(patterned('a MAC address pattern like 52:54:00:*', /^[0-9a-fA-F*?:]{1,17}$/))
    .default([])
    .describe(
      'MAC addresses, "*" and "?" allowed, that are never answered: printers, phones, the neighbours.',
    ),
  approve: approve
    .default('manual')
    .describe(
      'manual: a person approves each machine. matched: a machine that matches exactly one node is approved.',
    ),
  rules: z
    .array(rule)
    .default([])
    .describe('Exceptions from approve; the first rule that selects a node holds.'),
  limits: limits
    .prefault({})
    .describe(
      'How many new machines get an address: forged MAC addresses would empty the pool. Known nodes are never limited.',
    ),
  timeoutMinutes: z
    .number()
    .positive()
    .max(1440)
    .default(15)
    .describe('How long after power-on a machine may take to call back.'),
});
