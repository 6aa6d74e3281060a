import { CLAIMS_SCOPE, analyseExpression } from '@parsec/plugin-sdk/cel';

/** One step in the making of `tctx` or `rctx`. Exactly one member is set. */
export interface ClaimMapping {
  /** Takes over the believed members of `request_details`. */
  readonly details?: true;
  /** Takes over the believed members of `request_context`. */
  readonly context?: true;
  /** A CEL expression that yields a map. */
  readonly cel?: string;
}

export interface MappingProblem {
  /** Index of the mapping in the list. */
  readonly index: number;
  readonly message: string;
}

/**
 * Finds mappings of one claim that stand in each other's way: a member that two expressions compute, and an expression
 * whose member names cannot be told from its text although another mapping writes to the same claim.
 * Expressions that do not compile are passed over; they are reported elsewhere.
 */
export function findMappingProblems(mappings: readonly ClaimMapping[]): readonly MappingProblem[] {
  const problems: MappingProblem[] = [];
  const computed = new Map<string, number>();
  for (const [index, mapping] of mappings.entries()) {
    if (mapping.cel === undefined) continue;
    const names = memberNamesOf(mapping.cel);
    if (names === 'invalid') continue;
    if (names === undefined) {
      if (mappings.length > 1)
        problems.push({
          index,
          message: 'write it as a map with literal names, so that it cannot clash with the other mappings of this claim',
        });
      continue;
    }
    for (const name of names) {
      const other = computed.get(name);
      if (other === undefined) computed.set(name, index);
      else if (other !== index) problems.push({ index, message: `"${name}" is computed by mapping ${other + 1} of this claim already` });
    }
  }
  return problems;
}

function memberNamesOf(source: string): readonly string[] | undefined | 'invalid' {
  try {
    return analyseExpression(source, CLAIMS_SCOPE).memberNames;
  } catch {
    return 'invalid';
  }
}
