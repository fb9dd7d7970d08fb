import { type DhcpOptionList, OPTION } from './fake-dhcp-message.ts';

/** What of a machine shows in its DHCP messages. */
export interface DhcpSubject {
  readonly firmware: 'bios' | 'uefi';
  readonly uuid: string;
  readonly mac: string;
  readonly name: string;
}

/** The clients that one machine is in turn on its way up; a server must know all of them for the same machine. */
export type DhcpPersona = 'pxe' | 'http' | 'ipxe' | 'agent' | 'installed';

/** The architecture code (option 93, RFC 4578 §2.1): 16 for UEFI's HTTP boot. */
const archOf = (persona: DhcpPersona, firmware: 'bios' | 'uefi'): number =>
  persona === 'http' ? 16 : firmware === 'bios' ? 0 : 7;

/** The options that tell who asks, beside the message's own. */
export function personaOptions(persona: DhcpPersona, subject: DhcpSubject): DhcpOptionList {
  switch (persona) {
    case 'pxe':
    case 'http':
      return firmwareOptions(persona, subject);
    case 'ipxe':
      return ipxeOptions(subject);
    case 'agent':
      return agentOptions(subject);
    case 'installed':
      return installedOptions(subject);
  }
}

/** Firmware sends the UUID as SMBIOS keeps it: the first three fields little-endian. */
const firmwareOptions = (persona: 'pxe' | 'http', subject: DhcpSubject): DhcpOptionList => [
  ...netbootOptions(persona, subject),
  [OPTION.machineUuid, Buffer.concat([Buffer.of(0), smbiosUuid(subject.uuid)])],
  [OPTION.parameterList, Buffer.of(1, 3, 6, 43, 54, 60, 66, 67, 97)],
];

/** iPXE sends the UUID in RFC 4122 order, a bare user class and its features (http, bzImage, efi). */
const ipxeOptions = (subject: DhcpSubject): DhcpOptionList => [
  ...netbootOptions('ipxe', subject),
  [OPTION.machineUuid, Buffer.concat([Buffer.of(0), uuidBytes(subject.uuid)])],
  [OPTION.userClass, Buffer.from('iPXE')],
  [OPTION.ipxe, Buffer.of(19, 1, 1, 24, 1, 1, ...(subject.firmware === 'uefi' ? [36, 1, 1] : []))],
  [OPTION.clientIdentifier, macIdentifier(subject.mac)],
  [OPTION.parameterList, Buffer.of(1, 3, 6, 12, 15, 17, 43, 60, 66, 67, 175, 203)],
];

function netbootOptions(persona: DhcpPersona, { firmware }: DhcpSubject): DhcpOptionList {
  const arch = archOf(persona, firmware);
  const scheme = persona === 'http' ? 'HTTPClient' : 'PXEClient';
  const undi = firmware === 'bios' ? '002001' : '003000';
  return [
    [OPTION.vendorClass, Buffer.from(`${scheme}:Arch:${String(arch).padStart(5, '0')}:UNDI:${undi}`)],
    [OPTION.clientArchitecture, Buffer.of(0, arch)],
    [OPTION.networkInterface, Buffer.of(1, 3, 0)],
  ];
}

/** busybox's udhcpc, which a small ramdisk uses. */
const agentOptions = ({ mac }: DhcpSubject): DhcpOptionList => [
  [OPTION.clientIdentifier, macIdentifier(mac)],
  [OPTION.vendorClass, Buffer.from('udhcp 1.35.0')],
  [OPTION.parameterList, Buffer.of(1, 3, 6, 12, 15, 28, 42)],
];

/** systemd-networkd: a DUID for client identifier, so that it is never the firmware's. */
const installedOptions = ({ uuid, name }: DhcpSubject): DhcpOptionList => [
  [OPTION.clientIdentifier, Buffer.concat([Buffer.of(255, 0, 0, 0, 1, 0, 4), uuidBytes(uuid)])],
  [OPTION.hostName, Buffer.from(name)],
  [OPTION.parameterList, Buffer.of(1, 3, 6, 12, 15, 26, 33, 42, 121)],
];

const macIdentifier = (mac: string): Buffer => Buffer.from(`01${mac.replaceAll(':', '')}`, 'hex');

const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

function smbiosUuid(uuid: string): Buffer {
  const bytes = uuidBytes(uuid);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
