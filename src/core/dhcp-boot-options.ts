import type { DhcpOptions } from '../wire/dhcp-options.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import type { PxeClient } from '../wire/pxe-client.ts';
import type { BootDecision } from './boot.ts';

/** The parts of a reply that say what to boot. */
export interface BootFields {
  readonly siaddr: string;
  readonly file: string;
  readonly options: DhcpOptions;
}

const MAX_FILE_CHARACTERS = 127;

/** PXE_DISCOVERY_CONTROL = 8, "boot the file named here, ask nobody", and PXE's end. PXE 2.1 §2.2.3. */
const BOOT_DIRECTLY = Uint8Array.of(6, 1, 8, 255);

/** 176, "no-pxedhcp": do not wait for a ProxyDHCP server. Saves iPXE about 2 s a boot. */
const NO_PROXY_WAIT = new Map([[176, Uint8Array.of(1)]]);

const NOTHING: BootFields = { siaddr: ANY_ADDRESS, file: '', options: {} };

/**
 * The boot fields of an authoritative reply (yiaddr is set). 60 = PXEClient never goes without 43.6 = 8: alone it
 * sends OVMF to port 4011, where it waits for good (captures p_uefi_file_no43, u_full_60_43).
 */
export function bootFields(client: PxeClient, decision: BootDecision, serverAddress: string): BootFields {
  switch (decision.kind) {
    case 'tftp':
      return {
        siaddr: serverAddress,
        file: decision.file,
        options: { ...PXE_DIRECT, tftpServerName: serverAddress, bootFileName: decision.file },
      };
    case 'http':
      return urlFields(decision.url, serverAddress, { vendorClassIdentifier: 'HTTPClient' });
    case 'script':
      return urlFields(decision.url, serverAddress, { ipxeEncapsulated: NO_PROXY_WAIT });
    case 'local-disk':
      return localDiskFields(decision, serverAddress);
    case 'ignore':
    case 'agent':
    case 'chain':
      return client.kind === 'iPXE' ? { ...NOTHING, options: { ipxeEncapsulated: NO_PROXY_WAIT } } : NOTHING;
  }
}

const PXE_DIRECT: DhcpOptions = {
  vendorClassIdentifier: 'PXEClient',
  vendorEncapsulatedOptions: BOOT_DIRECTLY,
};

/** A URL goes into option 67, and into `file` when it fits: old clients read only the header. */
function urlFields(url: string, siaddr: string, options: DhcpOptions): BootFields {
  const file = url.length <= MAX_FILE_CHARACTERS ? url : '';
  return { siaddr, file, options: { ...options, bootFileName: url } };
}

/**
 * UEFI PXE leaves for its next boot entry at once with PXE-E21 when 60 + 43.6 = 8 name no file (d_uefi_fast); a BIOS
 * ROM leaves when there is no boot file at all.
 */
function localDiskFields(
  { form, url }: Extract<BootDecision, { kind: 'local-disk' }>,
  serverAddress: string,
): BootFields {
  switch (form) {
    case 'pxe-e21':
      return { ...NOTHING, options: PXE_DIRECT };
    case 'http-404':
      return urlFields(url ?? '', serverAddress, { vendorClassIdentifier: 'HTTPClient' });
    case 'script':
      return urlFields(url ?? '', serverAddress, { ipxeEncapsulated: NO_PROXY_WAIT });
    case 'no-file':
    case 'sanboot':
    case 'exit':
      return NOTHING;
  }
}
