import type { z } from 'zod';

const SHOWN_CHARACTERS = 60;

/** What stands there instead of what is wanted, for the end of a message. */
export function got(input: unknown): string {
  if (input === undefined) return 'it is missing';
  if (input === null) return 'got nothing';
  if (Array.isArray(input)) return 'got a list';
  if (typeof input === 'object') return 'got a mapping';
  const text = JSON.stringify(input);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `got ${shown}`;
}

/** The same where text is wanted: YAML took `0012` for the number 12. */
export const gotForText = (input: unknown): string =>
  typeof input === 'number' || typeof input === 'boolean'
    ? `${got(input)} (text that looks so is written in quotes)`
    : got(input);

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping of names',
};

/** zod's issues in the words of this project. Schemas with words of their own (vocabulary.ts) take precedence. */
export function wordIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `want ${TYPES[issue.expected] ?? issue.expected}, ${got(issue.input)}`;
    case 'invalid_union':
      return wordUnion(issue);
    case 'invalid_value': {
      const values = issue.values.map((value) => String(value));
      const guess = typeof issue.input === 'string' ? didYouMean(issue.input, values) : '';
      return `want ${oneOf(values)}, ${got(issue.input)}${guess}`;
    }
    case 'too_small':
    case 'too_big':
      return wordSize(issue);
    case 'unrecognized_keys':
      return 'unknown key';
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'this name is not allowed';
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
      return `is not right, ${got(issue.input)}`;
  }
}

/** Empty where an alternative's own issues tell more: shape-faults.ts puts those in its place. */
function wordUnion(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const options: unknown = issue['options'];
  if (issue.discriminator === undefined || !Array.isArray(options)) return '';
  const input: unknown = issue.input;
  const chosen: unknown =
    typeof input === 'object' && input !== null ? Reflect.get(input, issue.discriminator) : undefined;
  return `want ${oneOf(options.map(String))}, ${got(chosen)}`;
}

function wordSize(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string {
  const [bound, limit] =
    issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  if (issue.origin === 'array') return `want ${bound} ${limit} of them`;
  if (issue.origin === 'string') return `want ${bound} ${limit} characters, ${got(issue.input)}`;
  return `want ${bound} ${limit}, got ${String(issue.input)}`;
}

const oneOf = (values: readonly string[]): string =>
  values.length < 2 ? `"${values[0] ?? ''}"` : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

/** `; did you mean "x"?` for the nearest of the known words, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= limit || isPart(word, candidate))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? '' : `; did you mean "${near.candidate}"?`;
}

/** "mac" for "macs", "root" for "rootDevice": a word of three letters or more that the other begins with. */
const isPart = (word: string, candidate: string): boolean =>
  Math.min(word.length, candidate.length) >= 3 &&
  (candidate.toLowerCase().startsWith(word.toLowerCase()) ||
    word.toLowerCase().startsWith(candidate.toLowerCase()));

/** Levenshtein's distance, by one row. Words are short; very long ones are cut. */
function editDistance(a: string, b: string): number {
  const [left, right] = [a.slice(0, 64), b.slice(0, 64)];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
