import { BlackstartError } from '../errors.ts';
import { isAboutLicence, type RedfishMessage } from './redfish-message.ts';

export const authRefused = (host: string, username: string) =>
  new BlackstartError('E_BMC_AUTH', `the BMC at ${host} refuses user ${username} with this password`, {
    remedy:
      'Check bmc.username and the secret behind bmc.password in site.yaml. Many BMCs lock an account after ' +
      'some wrong tries: if the password is right, wait a few minutes or unlock it on the BMC’s own page.',
  });

/** Why nothing came back, in the words of somebody who stands in front of the rack. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'no such host on that network',
  ENETUNREACH: 'this machine has no route to it',
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name cannot be resolved now',
  ECONNRESET: 'it dropped the connection',
  EPIPE: 'it dropped the connection',
  EPROTO: 'it does not speak TLS as expected',
};

const isCertificateCode = (code: string): boolean => /CERT|ISSUER|ERR_TLS/.test(code);

export function unreachable(host: string, code: string, cause: unknown): BlackstartError {
  if (isCertificateCode(code)) {
    return new BlackstartError(
      'E_BMC_UNREACHABLE',
      `the certificate of the BMC at ${host} cannot be checked: ${code}`,
      {
        remedy:
          'Name the authority that signed it (verifyTls: {ca: {file: …}}), or, on a management network that ' +
          'you trust, set verifyTls: false.',
        cause,
      },
    );
  }
  return new BlackstartError(
    'E_BMC_UNREACHABLE',
    `the BMC at ${host} cannot be reached: ${CAUSES[code] ?? code}`,
    {
      remedy:
        `Check the address in site.yaml, the cable of the BMC’s own port and its VLAN, and try ` +
        `"curl -k https://${host}/redfish/v1/" from this machine. A BMC that hangs comes back after its own reset.`,
      cause,
    },
  );
}

export const notRedfish = (host: string, found: string) =>
  new BlackstartError('E_BMC_UNREACHABLE', `what answers at ${host} is no Redfish service: ${found}`, {
    remedy:
      'Check that the address is the BMC’s and not the host’s; on some BMCs Redfish must be switched on first, ' +
      'and one that has just started needs a minute.',
  });

export const refused = (host: string, doing: string, why: string, remedy?: string) =>
  new BlackstartError('E_BMC_REFUSED', `the BMC at ${host} refuses ${doing}: ${why}`, {
    remedy:
      remedy ??
      'The BMC’s event log may say more; a firmware update of the BMC has mended many such refusals.',
  });

/** An HTTP status that says no, with what the BMC says about it. */
export function refusedByStatus(
  host: string,
  doing: string,
  status: number,
  message: RedfishMessage,
): BlackstartError {
  const why = `HTTP ${status}${message.text === null ? '' : `, ${message.text}`}`;
  if (isAboutLicence(message))
    return refused(host, doing, why, 'This needs a BMC licence that the machine has not.');
  if (status === 403) {
    return refused(
      host,
      doing,
      why,
      'Give the user the Administrator role on the BMC, or name one that has it.',
    );
  }
  return refused(host, doing, why);
}

export const ignored = (host: string, asked: string, found: string) =>
  new BlackstartError('E_BMC_IGNORED', `the BMC at ${host} agreed to ${asked}, but ${found}`, {
    remedy:
      'Try again once; if it stays so, restart the BMC (most have "reset BMC" on their page) or update its ' +
      'firmware. A pending BIOS configuration job can block such changes too.',
  });

export const tooBusy = (host: string, doing: string, tries: number) =>
  new BlackstartError('E_BMC_BUSY', `the BMC at ${host} was too busy for ${doing}, ${tries} times in a row`, {
    remedy:
      'Wait a minute and try again. If it stays so, another program may be polling it, or it needs a restart.',
  });

/** No console that this program can join; `commands` are those of other programs that can. */
export const noConsole = (host: string, kinds: readonly string[], commands: readonly string[]) =>
  new BlackstartError(
    'E_BMC_NO_CONSOLE',
    `the BMC at ${host} offers ${
      kinds.length === 0 ? 'no serial console' : `its serial console by ${kinds.join(' and ')} only`
    }`,
    {
      remedy:
        commands.length === 0
          ? 'Look at the screen on the BMC’s own page; there a serial console can be switched on too, where it has one.'
          : `Open it yourself: ${commands.join(', or ')}. Where the BMC’s own shell answers, its manual names ` +
            `the command that leads on: iLO "vsp", iDRAC "console com2".`,
    },
  );

export const consoleOff = (host: string, command: string) =>
  new BlackstartError('E_BMC_NO_CONSOLE', `the BMC at ${host} has its serial console switched off`, {
    remedy: `Switch it on, on the BMC’s own page or by: ${command}`,
  });
