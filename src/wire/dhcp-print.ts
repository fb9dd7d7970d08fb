import { type DhcpMessage, MESSAGE_TYPE } from './dhcp-message.ts';
import { OPTIONS, type OptionName } from './dhcp-options.ts';
import { hexOf } from './mac.ts';

const TYPE_NAMES = new Map<number, string>(Object.entries(MESSAGE_TYPE).map(([name, code]) => [code, name]));

/** The name of a message type, for logs and traces: `discover`, or its number when it has none here. */
export const messageTypeName = (type: number | undefined): string =>
  type === undefined ? 'bootp' : (TYPE_NAMES.get(type) ?? `type ${type}`);

/** A message as text, one fact a line, for golden files and traces. */
export function printDhcp(message: DhcpMessage): string {
  const { options, ...header } = message;
  const lines = [`${messageTypeName(options.dhcpMessageType)} ${message.op === 1 ? 'request' : 'reply'}`];
  for (const [name, value] of Object.entries(header)) {
    if (name === 'op' || value === '' || value === 0 || value === '0.0.0.0') continue;
    lines.push(`  ${name} ${name === 'xid' ? `0x${Number(value).toString(16)}` : value}`);
  }
  const named = Object.entries(OPTIONS).filter(([name]) => options[name as OptionName] !== undefined);
  for (const [name, { code }] of named) lines.push(`  ${code} ${name} ${text(options[name as OptionName])}`);
  for (const [code, raw] of options.other ?? []) lines.push(`  ${code} ? ${hexOf(raw)}`);
  return lines.join('\n');
}

function text(value: unknown): string {
  if (value instanceof Uint8Array) return hexOf(value);
  if (value instanceof Map) return [...value].map(([code, raw]) => `${code}=${hexOf(raw)}`).join(' ');
  return JSON.stringify(value);
}
