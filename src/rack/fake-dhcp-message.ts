/**
 * A DHCP client's own reading and writing of messages (RFC 2131 §2). It shares no code with the server on purpose:
 * a fake machine that used the server's codec would share its mistakes.
 */

/** Options by code; RFC 2132 unless noted. */
export const OPTION = {
  subnetMask: 1,
  router: 3,
  hostName: 12,
  requestedAddress: 50,
  leaseSeconds: 51,
  messageType: 53,
  serverIdentifier: 54,
  parameterList: 55,
  maxMessageSize: 57,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServer: 66,
  bootFile: 67,
  /** RFC 3004, which iPXE uses without its length bytes. */
  userClass: 77,
  /** RFC 4578: 93, 94 and 97. */
  clientArchitecture: 93,
  networkInterface: 94,
  machineUuid: 97,
  /** iPXE's encapsulated features. */
  ipxe: 175,
} as const;

export type DhcpOptionList = readonly (readonly [code: number, value: Buffer])[];

export interface DhcpReply {
  readonly xid: number;
  readonly mac: string;
  /** 2 OFFER, 5 ACK, 6 NAK. */
  readonly type: number;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly file: string;
  readonly options: ReadonlyMap<number, Buffer>;
}

const HEADER_BYTES = 240;
const COOKIE = 0x63825363;
const BROADCAST_FLAG = 0x8000;

/** A BOOTREQUEST with the broadcast flag: this client cannot take a unicast before it has an address. */
export function encodeRequest(xid: number, mac: string, options: DhcpOptionList): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.set([1, 1, 6, 0]);
  header.writeUInt32BE(xid, 4);
  header.writeUInt16BE(BROADCAST_FLAG, 10);
  Buffer.from(mac.replaceAll(':', ''), 'hex').copy(header, 28);
  header.writeUInt32BE(COOKIE, 236);
  const body = options.map(([code, value]) => Buffer.concat([Buffer.of(code, value.length), value]));
  return Buffer.concat([header, ...body, Buffer.of(255)]);
}

/** Null for what is no reply to a DHCP client. */
export function decodeReply(bytes: Buffer): DhcpReply | null {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 2 || bytes.readUInt32BE(236) !== COOKIE) return null;
  const options = readOptions(bytes.subarray(HEADER_BYTES));
  const type = options.get(OPTION.messageType)?.[0];
  if (type === undefined) return null;
  return {
    xid: bytes.readUInt32BE(4),
    mac: [...bytes.subarray(28, 34)].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    type,
    yiaddr: addressAt(bytes, 16),
    siaddr: addressAt(bytes, 20),
    file: textUntilNul(bytes.subarray(108, 236)),
    options,
  };
}

/** A code that comes again goes on where it stopped (RFC 3396). */
function readOptions(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length && bytes[at] !== 255) {
    const code = bytes.readUInt8(at);
    if (code === 0) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    const value = bytes.subarray(at + 2, at + 2 + length);
    options.set(code, Buffer.concat([options.get(code) ?? Buffer.alloc(0), value]));
    at += 2 + length;
  }
  return options;
}

export const addressAt = (bytes: Buffer, at: number): string => [...bytes.subarray(at, at + 4)].join('.');

export const addressBytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

export function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
