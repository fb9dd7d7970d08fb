import { latin1 } from './dhcp-codec.ts';
import {
  type Dhcp6Message,
  type Dhcp6RelayMessage,
  decodeDhcp6,
  isRelayMessage,
  MESSAGE_TYPE6,
} from './dhcp6-message.ts';
import { OPTIONS6, type OptionName6 } from './dhcp6-options.ts';
import { hexOf } from './mac.ts';

const TYPE_NAMES = new Map<number, string>(Object.entries(MESSAGE_TYPE6).map(([name, code]) => [code, name]));

/** The name of a message type, for logs and traces: `solicit`, or its number when it has none here. */
export const messageTypeName6 = (type: number): string => TYPE_NAMES.get(type) ?? `type ${type}`;

/** A message as text, one fact a line, for golden files; what a relay carries stands indented below it. */
export function printDhcp6(message: Dhcp6Message | Dhcp6RelayMessage): string {
  const { options } = message;
  const lines = [headline(message)];
  for (const ia of options.iaNa ?? []) lines.push(`  3 iaNa ${text(ia)}`);
  for (const [name, { code }] of Object.entries(OPTIONS6)) {
    const value = options[name as OptionName6];
    if (value !== undefined) lines.push(`  ${code} ${name} ${text(value)}`);
  }
  for (const [code, raw] of options.other ?? []) lines.push(`  ${code} ? ${hexOf(raw)}`);
  const carried = options.relayMsg ? decodeDhcp6(options.relayMsg) : null;
  if (carried?.ok)
    lines.push(
      ...printDhcp6(carried.value)
        .split('\n')
        .map((line) => `    ${line}`),
    );
  return lines.join('\n');
}

const headline = (message: Dhcp6Message | Dhcp6RelayMessage): string =>
  isRelayMessage(message)
    ? `${messageTypeName6(message.type)} hops ${message.hopCount} link ${message.linkAddress} peer ${message.peerAddress}`
    : `${messageTypeName6(message.type)} 0x${message.xid.toString(16)}`;

const text = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (isBytes(part) ? shown(part) : part));

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

/** Bytes that are a text are shown as one. */
const shown = (raw: Uint8Array): string =>
  raw.length > 0 && raw.every((byte) => byte >= 32 && byte < 127) ? latin1(raw) : `0x${hexOf(raw)}`;
