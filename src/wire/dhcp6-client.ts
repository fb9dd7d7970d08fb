import { CLIENT_ARCHS } from './arch.ts';
import { latin1 } from './dhcp-codec.ts';
import { readDuid } from './dhcp6-duid.ts';
import type { Dhcp6Message } from './dhcp6-message.ts';
import { isLinkLocal, macOfEui64 } from './ipv6.ts';
import { hexOf } from './mac.ts';
import type { PxeClient } from './pxe-client.ts';

/** Where a message came from, as far as it says who sent it. */
export interface Dhcp6Sender {
  /** The client's own source address: of the datagram, or as the relay next to it saw it. */
  readonly address: string;
  /** What that relay says the client's hardware address is (RFC 6939); null without a relay that does. */
  readonly relayedMac: string | null;
}

/** Who sent a DHCPv6 message. */
export interface Dhcp6Client {
  /** The card's MAC, by which everything else knows the machine; null without any clue. */
  readonly mac: string | null;
  /** Whose lease it is: the MAC, else the DUID. */
  readonly holder: string;
  /** The system UUID in the order it was sent; null when the DUID holds none. */
  readonly uuid: string | null;
  /** What asks to netboot; null for an operating system's plain DHCP client. */
  readonly boot: Pick<PxeClient, 'kind' | 'arch'> | null;
}

/**
 * Reads who asks. DHCPv6 names machines by DUIDs, which change between firmware (a UUID) and operating system, so the
 * MAC is taken from what is of this very card first: the relay's word, then the link-local address, which UEFI and
 * iPXE make of it; a DUID that holds a MAC may hold that of another card, and comes last.
 */
export function readDhcp6Client({ options }: Dhcp6Message, sender: Dhcp6Sender): Dhcp6Client {
  const duid = options.clientid ?? new Uint8Array();
  const facts = readDuid(duid);
  const own = isLinkLocal(sender.address) ? macOfEui64(sender.address) : null;
  const mac = sender.relayedMac ?? own ?? facts.mac;
  return {
    mac,
    holder: mac ?? `duid-${hexOf(duid)}`,
    uuid: facts.uuid,
    boot: readBoot(options),
  };
}

/**
 * RFC 5970 has firmware send its architecture (61) and a vendor class (16) that begins with PXEClient or HTTPClient;
 * iPXE sends PXEClient too, and its name as user class (15). A switch was seen that sends no 61 (Cisco NCS-5508).
 */
function readBoot(options: Dhcp6Message['options']): Dhcp6Client['boot'] {
  const vendor = (options.vendorClass?.classes ?? [])
    .map((each) => /^(PXEClient|HTTPClient)(?::Arch:(\d{5}))?/.exec(latin1(each)))
    .find((match) => match !== null);
  const isIpxe = (options.userClass ?? []).some((each) => latin1(each) === 'iPXE');
  if (!isIpxe && !vendor) return null;
  const codes = options.clientArchType ?? [];
  return {
    kind: isIpxe ? 'iPXE' : (vendor?.[1] as 'PXEClient' | 'HTTPClient'),
    arch: codes.find((code) => CLIENT_ARCHS.has(code)) ?? codes[0] ?? Number(vendor?.[2] ?? 0),
  };
}
