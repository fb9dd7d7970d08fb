import { z } from 'zod';
import { port } from './vocabulary.ts';

/** The Ironic that manages the nodes. */
export const undercloudSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('false: machines are discovered, and no more.'),
  apiPort: port.default(6385).describe("Port of Ironic's API, on the provisioning addresses only."),
  clean: z
    .enum(['metadata', 'none'])
    .default('metadata')
    .describe(
      'What is erased before a machine is available: metadata (partition tables and signatures), or none.',
    ),
  fastTrack: z
    .boolean()
    .default(true)
    .describe('Whether a ramdisk that is running already is used on, instead of booted anew for each step.'),
  limits: z
    .strictObject({
      deploys: z.int().min(1).max(250).default(10).describe('Deployments at a time; more of them queue.'),
      cleans: z.int().min(1).max(50).default(10).describe('Cleanings at a time; more of them queue.'),
    })
    .prefault({})
    .describe(
      'How much is done at a time. Ironic would refuse what is over its limits; Blackstart queues it.',
    ),
});
