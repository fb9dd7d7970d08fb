import { archOf } from '../wire/arch.ts';
import { type DhcpMessage, MESSAGE_TYPE } from '../wire/dhcp-message.ts';
import type { DhcpOptions } from '../wire/dhcp-options.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import type { BootQuirk } from './boot-node.ts';
import { type DhcpAnswer, type DhcpContext, silence } from './dhcp.ts';
import { BOOT_DIRECTLY, type BootFields, bootFields } from './dhcp-boot-options.ts';
import { echoes, replyHeader } from './dhcp-reply.ts';

/** Where PXE clients ask a boot server that gave them no file in its offer. PXE 2.1 §2.2. */
export const PXE_PORT = 4011;

/**
 * The answer of a ProxyDHCP server: another DHCP server gives the address, this one says what to boot. It offers to
 * netboot clients alone, never an address, and takes no part in what they then settle with the other server; but it
 * hears which address they ask for.
 */
export function answerProxy(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  if (request.op !== 1) return silence('a reply, not a request');
  const type = request.options.dhcpMessageType;
  if (type === MESSAGE_TYPE.discover) return bootAnswer(request, 'offer', context);
  if (type === MESSAGE_TYPE.request)
    return silence('another server gives the machine its address', { outcome: 'elsewhere' });
  return silence('nothing that a ProxyDHCP server answers');
}

/** The answer of port 4011, where a PXE client asks what to boot once it has an address; the same in every mode. */
export function answerBootServer(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  const { op, options } = request;
  if (op !== 1) return silence('a reply, not a request');
  if (options.dhcpMessageType !== MESSAGE_TYPE.request && options.dhcpMessageType !== MESSAGE_TYPE.inform)
    return silence('nothing that a boot server answers');
  return bootAnswer(request, 'ack', context);
}

function bootAnswer(request: DhcpMessage, type: 'offer' | 'ack', context: DhcpContext): DhcpAnswer {
  const { boot, refusal, serverId } = context;
  if (refusal !== null) return silence(refusal);
  if (boot === null) return silence('a plain DHCP client; another server gives it its address');
  const fields = proxyFields(context);
  if (fields === null) return silence(`${boot.decision.reason}; that is said by no answer`);
  const reply: DhcpMessage = {
    ...replyHeader(request),
    ciaddr: type === 'ack' ? request.ciaddr : ANY_ADDRESS,
    siaddr: fields.siaddr,
    file: fields.file,
    options: {
      dhcpMessageType: MESSAGE_TYPE[type],
      dhcpServerIdentifier: serverId,
      ...fields.options,
      ...echoes(request, true),
    },
  };
  const act = type === 'offer' ? 'a proxy offer' : 'answers at port 4011';
  return { ...silence(`${act}; ${boot.decision.reason}`), reply, outcome: type };
}

/**
 * The boot fields beside another server's offer: those of an authoritative one, with 60 on all of them, without which
 * OVMF and iPXE ignore a proxy's offer; null when there is nothing to say. 43.6 = 8 spares OVMF the way to port 4011
 * (captures p_uefi_file_43_6_8, p_uefi_file_no43).
 */
function proxyFields({ boot, network, node }: DhcpContext): BootFields | null {
  if (boot === null) return null;
  const { client, decision } = boot;
  const fields = bootFields(client, decision, network.address);
  if (Object.keys(fields.options).length === 0 || (client.kind === 'iPXE' && !fields.options.bootFileName))
    return null;
  if (client.kind === 'HTTPClient') return fields;
  const options: DhcpOptions = {
    ...fields.options,
    vendorClassIdentifier: 'PXEClient',
    vendorEncapsulatedOptions: fields.options.vendorEncapsulatedOptions ?? BOOT_DIRECTLY,
  };
  const quirks: readonly BootQuirk[] = [...network.quirks, ...(node?.quirks ?? [])];
  const without43 =
    client.kind === 'PXEClient' &&
    archOf(client.arch).firmware === 'uefi' &&
    quirks.includes('uefi-without-43');
  if (!without43) return { ...fields, options };
  const { vendorEncapsulatedOptions: _, ...rest } = options;
  return { ...fields, options: rest };
}
