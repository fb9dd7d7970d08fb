import { ascii } from '../wire/dhcp-codec.ts';
import type { Dhcp6Options } from '../wire/dhcp6-options.ts';
import type { PxeClient } from '../wire/pxe-client.ts';
import type { BootDecision } from './boot.ts';
import { bootPath } from './boot-urls.ts';
import { urlHost6 } from './dhcp6-network.ts';

/** Intel's number, which EDK2 and iPXE put their vendor class under. */
const INTEL = 343;

/**
 * The parts of a DHCPv6 answer that say what to boot. RFC 5970 §3: one URL for all of it, TFTP's too. OVMF takes an
 * offer for an HTTP boot offer only with HTTPClient in it; with PXEClient it would look for a boot server on port
 * 4011, so PXE gets a URL and no more (its first try, before the capture ovmf-pxe6).
 */
export function bootOptions6(
  kind: PxeClient['kind'],
  decision: BootDecision,
  serverAddress: string,
): Dhcp6Options {
  const url = bootUrl(decision, serverAddress);
  if (url === null) return {};
  if (kind !== 'HTTPClient') return { bootfileUrl: url };
  return { bootfileUrl: url, vendorClass: { enterprise: INTEL, classes: [ascii.encode(kind)] } };
}

function bootUrl(decision: BootDecision, serverAddress: string): string | null {
  switch (decision.kind) {
    case 'tftp':
      return tftpUrl(serverAddress, decision.file);
    case 'http':
    case 'script':
      return decision.url;
    case 'local-disk':
      // PXE has no word for "boot your disk": a file that is not there ends the attempt at once.
      return decision.form === 'pxe-e21' ? tftpUrl(serverAddress, bootPath.nothing.slice(1)) : decision.url;
    case 'ignore':
    case 'agent':
    case 'chain':
    case 'menu':
    case 'program':
    case 'raspberry-pi':
      return null;
  }
}

const tftpUrl = (address: string, file: string): string => `tftp://${urlHost6(address)}/${file}`;
