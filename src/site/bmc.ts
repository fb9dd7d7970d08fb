import { z } from 'zod';
import { fileRef, secretRef } from './secret-ref.ts';
import { mac, optional, patterned } from './vocabulary.ts';
import { got } from './wording.ts';

const ADDRESS = /^(https?:\/\/)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?\/?$/;

const address = patterned('a host like 10.78.0.11, or a URL like https://10.78.0.11:8443', ADDRESS);
const protocol = z.enum(['redfish', 'ipmi']);
const verifyTls = z.union(
  [z.boolean(), z.strictObject({ ca: fileRef.describe('The authority to trust.') })],
  {
    error: (issue) => `want true, false or {ca: {file: …}}, ${got(issue.input)}`,
  },
);
const username = patterned('a user name without spaces', /^[\x21-\x7e]{1,64}$/);

/** What BMCs have in common, so that a rack of forty is not forty times the same lines. */
export const bmcDefaultsSchema = z.strictObject({
  protocol: protocol.default('redfish').describe('How BMCs are spoken to.'),
  username: optional(username).describe('User name at the BMCs.'),
  password: optional(secretRef).describe('Where the password of that user is found.'),
  verifyTls: verifyTls
    .default(true)
    .describe(
      "Whether a BMC's certificate is checked: true, false, or {ca: {file: …}} for an authority of your own.",
    ),
});

const bmcObject = z.strictObject({
  address: address.describe('Host or URL of the BMC. Without a scheme, https.'),
  protocol: optional(protocol).describe('Overrides bmcDefaults.protocol.'),
  username: optional(username).describe('Overrides bmcDefaults.username.'),
  password: optional(secretRef).describe('Overrides bmcDefaults.password.'),
  verifyTls: optional(verifyTls).describe('Overrides bmcDefaults.verifyTls.'),
  mac: optional(mac).describe(
    "MAC address of the BMC's own port: identifies the machine where the agent can read it.",
  ),
  systemId: optional(patterned('a Redfish system Id', /^[^\s/]{1,128}$/)).describe(
    'Which ComputerSystem of a BMC that has several.',
  ),
});

/** A node's BMC as it is typed: a mapping, or its address alone. */
export const bmcSchema = z.union([
  bmcObject,
  address.transform((text) => bmcObject.parse({ address: text })),
]);

export type WrittenBmc = z.output<typeof bmcSchema>;
export type BmcDefaults = z.output<typeof bmcDefaultsSchema>;
