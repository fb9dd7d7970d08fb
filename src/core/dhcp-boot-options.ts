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
export const BOOT_DIRECTLY = Uint8Array.of(6, 1, 8, 255);

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
    case 'raspberry-pi':
      return { siaddr: serverAddress, file: '', options: { ...RASPBERRY_PI, tftpServerName: serverAddress } };
    case 'local-disk':
      return localDiskFields(decision, serverAddress);
    case 'ignore':
    case 'agent':
    case 'chain':
    case 'menu':
    case 'program':
      return client.kind === 'iPXE' ? { ...NOTHING, options: { ipxeEncapsulated: NO_PROXY_WAIT } } : NOTHING;
  }
}

const asciiBytes = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

const PXE_DIRECT: DhcpOptions = {
  vendorClassIdentifier: 'PXEClient',
  vendorEncapsulatedOptions: BOOT_DIRECTLY,
};

/**
 * What the boot ROM of a Raspberry Pi looks for in option 43: a boot menu (sub-option 9) with the item "Raspberry Pi
 * Boot", of type 0, and a prompt (10) "PXE" that waits 0 s. It asks nobody else (6 = 3) and wants no file name: it asks
 * the server of siaddr or option 66 for SERIAL/start4.elf.
 */
const RASPBERRY_PI: DhcpOptions = {
  vendorClassIdentifier: 'PXEClient',
  vendorEncapsulatedOptions: Uint8Array.of(
    ...[6, 1, 3],
    ...[10, 4, 0, ...asciiBytes('PXE')],
    ...[9, 20, 0, 0, 17, ...asciiBytes('Raspberry Pi Boot')],
    255,
  ),
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
    case 'exit-0':
    case 'chainload':
      return NOTHING;
  }
}
