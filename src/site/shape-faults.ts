import type { z } from 'zod';
import type { Fault } from './fault.ts';
import { keysAt, siteJsonSchema } from './json-schema.ts';
import type { Path } from './source.ts';
import { didYouMean } from './wording.ts';

/** zod's issues as faults: one for each unknown key, and for a union those of the alternative that was meant. */
export function shapeFaults(issues: readonly z.core.$ZodIssue[]): Fault[] {
  const schema = siteJsonSchema();
  const expand = (issue: z.core.$ZodIssue, parents: Path): Fault[] => {
    const path = [...parents, ...issue.path];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: wordUnknown(key, keysAt(schema, path)),
      }));
    if (issue.code === 'invalid_union' && issue.message === '')
      return meant(issue.errors).flatMap((inner) => expand(inner, path));
    return [{ path, message: issue.message }];
  };
  return issues.flatMap((issue) => expand(issue, []));
}

function wordUnknown(key: string, known: readonly string[]): string {
  if (known.includes(key)) return 'does not go with the kind or mode that is given here';
  const guess = didYouMean(key, known);
  return `unknown key${guess || (known.length > 0 ? `; here may stand ${known.join(', ')}` : '')}`;
}

/** Of a union's alternatives the one of the right type: a mapping was typed, so the mapping's errors are told. */
function meant(alternatives: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const rightType = alternatives.find(
    (issues) => !issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type'),
  );
  return rightType ?? alternatives[0] ?? [];
}
