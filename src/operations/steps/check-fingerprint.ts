import { sameSystemUuid } from '../../core/match.ts';
import { BlackstartError, EXIT } from '../../errors.ts';
import type { StepContext } from './context.ts';

/**
 * Before anything may be written to a machine: what its BMC says now must be the machine that was discovered. A
 * swapped cable or a wrong BMC address would otherwise wipe a neighbour. Compared are system UUID, serial and NICs,
 * as far as both sides tell them; nothing in common is a refusal too.
 */
export async function checkFingerprint(
  context: Pick<StepContext, 'node' | 'book' | 'bmc' | 'signal'>,
): Promise<void> {
  const { node, book, signal } = context;
  const recorded = book.discoveryOf(node.name)?.identity;
  if (recorded === undefined) throw refusal(node.name, 'no agent has ever told which machine it is');
  const { identity, nics } = await (await context.bmc()).describe({ signal });
  if (identity.uuid !== null && recorded.systemUuid !== null) {
    if (sameSystemUuid(identity.uuid, recorded.systemUuid)) return;
    throw refusal(
      node.name,
      `its BMC sits in a machine with the UUID ${identity.uuid}, discovered was ${recorded.systemUuid}`,
    );
  }
  const shared = nics.some(
    (nic) => recorded.macs.includes(nic.mac) || recorded.macs.includes(nic.permanentMac ?? ''),
  );
  if (shared || (identity.serial !== null && identity.serial === recorded.serial)) return;
  throw refusal(
    node.name,
    `its BMC tells serial ${identity.serial ?? 'none'} and other NICs than the machine that was discovered (serial ${recorded.serial ?? 'none'})`,
  );
}

const refusal = (name: string, difference: string) =>
  new BlackstartError('E_FINGERPRINT', `${name} is not touched: ${difference}`, {
    remedy: `Check "bmc.address" of ${name} in site.yaml against the label on the case; then netboot it again, so that it is discovered anew.`,
    exitCode: EXIT.refused,
  });
