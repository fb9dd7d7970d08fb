import { isObject, type JsonObject, objectsAt, textAt } from './redfish-json.ts';

/** What a BMC says when it refuses: a sentence to show, and the ids that programs can tell apart. */
export interface RedfishMessage {
  readonly text: string | null;
  readonly messageIds: readonly string[];
}

const MAX_TEXT = 400;

/**
 * Reads an error body, DSP0266 §8.6. Seen in the field: ExtendedInfo with a `MessageId` and nothing else, an
 * object instead of a list, an HTML page, nothing.
 */
export function readMessage(body: string): RedfishMessage {
  const parsed = parseObject(body);
  if (!parsed) return { text: null, messageIds: [] };
  const error = isObject(parsed['error']) ? parsed['error'] : parsed;
  const infos = objectsAt(error, '@Message.ExtendedInfo');
  const sentences = infos.map(sentenceOf).filter((sentence) => sentence !== null);
  const text = sentences.length > 0 ? [...new Set(sentences)].join(' ') : textAt(error, 'message');
  const ids = infos.map((info) => textAt(info, 'MessageId')).filter((id) => id !== null);
  const code = textAt(error, 'code');
  return { text: text?.slice(0, MAX_TEXT) ?? null, messageIds: code === null ? ids : [...ids, code] };
}

function sentenceOf(info: JsonObject): string | null {
  return textAt(info, 'Message') ?? textAt(info, 'MessageId');
}

/** A body as a JSON object; null for anything else, since a proxy or a half-started BMC answers in HTML. */
export function parseObject(body: string): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(body.replace(/^\uFEFF/, ''));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** Whether a refusal is about a missing licence: iDRAC's LIC501 and its like at Lenovo and HPE. */
export const isAboutLicence = (message: RedfishMessage): boolean =>
  message.messageIds.some((id) => /LIC\d{3}|licen[sc]e/i.test(id)) || /licen[sc]e/i.test(message.text ?? '');
