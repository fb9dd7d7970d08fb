import { z } from 'zod';
import { countOrShare, patterned } from './vocabulary.ts';

/** How careful destructive work is. */
export const policiesSchema = z.strictObject({
  maxUnavailable: z
    .strictObject({
      perRack: countOrShare
        .prefault(1)
        .describe('How many nodes of a rack may be down together: a number or a share.'),
      perFleet: countOrShare.prefault(1).describe('How many nodes of a fleet may be down together.'),
    })
    .prefault({})
    .describe('How large a wave may be.'),
  failureBudget: countOrShare
    .prefault(1)
    .describe(
      'How many nodes may fail before the work stops by itself: a number or a share of the nodes it is for.',
    ),
  protect: z
    .array(patterned('a selector like role=storage', /^[^\n]{1,1000}$/))
    .default([])
    .describe('Nodes that nothing may wipe, besides those marked protected.'),
});
