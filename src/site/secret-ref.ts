import { z } from 'zod';
import { patterned } from './vocabulary.ts';

const HOW =
  'a secret is not written here: put it into a file of mode 600 and write {file: secrets/NAME}, or {env: NAME}' +
  ' (or, knowingly, {inline: …})';

const filePath = patterned('a file, relative to the folder of site.yaml', /^[^\0\n]{1,4096}$/);

/** A file that holds no secret: a public key, a certificate. */
export const fileRef = z.strictObject({
  file: filePath.describe('File, relative to the folder of site.yaml.'),
});
export type FileRef = z.output<typeof fileRef>;

/** Where a secret is found; never the secret itself, but by the escape hatch that warns. Its value is never echoed. */
export const secretRef = z.union(
  [
    z.strictObject({
      file: filePath.describe(
        'File with the secret, relative to the folder of site.yaml; not readable by others.',
      ),
    }),
    z.strictObject({
      env: patterned('the name of an environment variable', /^[A-Za-z_][A-Za-z0-9_]*$/).describe(
        'Environment variable that holds the secret.',
      ),
    }),
    z.strictObject({
      inline: z
        .string()
        .min(1)
        .describe('The secret itself, for throw-away sites: whoever reads this file has it.'),
    }),
  ],
  { error: HOW },
);
export type SecretRef = z.output<typeof secretRef>;
