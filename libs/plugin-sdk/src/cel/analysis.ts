import type { parse } from '@bufbuild/cel';
import type { ExpressionScope } from './expression.js';

type Expr = ReturnType<typeof parse>['expr'];

/** Names that CEL itself defines as types (language definition, section "Values"). */
const TYPE_NAMES: ReadonlySet<string> = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);

/** What the text of an expression tells before it ever runs. */
export interface Analysis {
  readonly problem: string | undefined;
  readonly dataSources: readonly string[];
  readonly memberNames: readonly string[] | undefined;
}

/** Finds misspelt names and misused functions, the data sources asked, and the members the result can have. */
export function analyse(expression: Expr, scope: ExpressionScope, isFunction: (name: string) => boolean): Analysis {
  const dataSources = new Set<string>();
  const problem = inspect(expression, new Set(), { scope, isFunction, dataSources });
  return { problem, dataSources: [...dataSources], memberNames: memberNames(expression) };
}

interface Inspection {
  readonly scope: ExpressionScope;
  readonly isFunction: (name: string) => boolean;
  readonly dataSources: Set<string>;
}

function inspect(expression: Expr | undefined, bound: ReadonlySet<string>, inspection: Inspection): string | undefined {
  if (expression === undefined) return undefined;
  const all = (parts: readonly (Expr | undefined)[], names = bound): string | undefined => {
    for (const part of parts) {
      const problem = inspect(part, names, inspection);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  const kind = expression.exprKind;
  switch (kind.case) {
    case 'identExpr':
      return inspectName(kind.value.name, bound, inspection.scope);
    case 'selectExpr':
      return inspectField(kind.value.operand, kind.value.field, bound, inspection.scope) ?? all([kind.value.operand]);
    case 'callExpr':
      return inspectCall(kind.value, inspection) ?? all([kind.value.target, ...kind.value.args]);
    case 'listExpr':
      return all(kind.value.elements);
    case 'structExpr':
      if (kind.value.messageName !== '') return `the message type "${kind.value.messageName}" is unknown`;
      return all(kind.value.entries.flatMap((entry) => [entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined, entry.value]));
    case 'comprehensionExpr': {
      const { iterVar, iterVar2, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return all([iterRange, accuInit]) ?? all([loopCondition, loopStep, result], new Set([...bound, iterVar, iterVar2, accuVar]));
    }
    default:
      return undefined;
  }
}

function inspectName(name: string, bound: ReadonlySet<string>, scope: ExpressionScope): string | undefined {
  if (bound.has(name) || TYPE_NAMES.has(name) || Object.hasOwn(scope.variables, name)) return undefined;
  return `"${name}" is unknown; there are ${Object.keys(scope.variables).join(', ')}`;
}

function inspectField(operand: Expr | undefined, field: string, bound: ReadonlySet<string>, scope: ExpressionScope): string | undefined {
  if (operand?.exprKind.case !== 'identExpr') return undefined;
  const { name } = operand.exprKind.value;
  const fields = bound.has(name) || !Object.hasOwn(scope.variables, name) ? undefined : scope.variables[name];
  if (fields === undefined || fields.includes(field)) return undefined;
  return `"${name}" has no "${field}"; it has ${fields.join(', ')}`;
}

interface Call {
  readonly function: string;
  readonly target?: Expr | undefined;
  readonly args: readonly Expr[];
}

function inspectCall(call: Call, { isFunction, scope, dataSources }: Inspection): string | undefined {
  if (call.function === 'datasource') {
    if (!scope.dataSources) return 'datasource() is not available here';
    const name = call.args.length === 1 && call.target === undefined ? literalText(call.args[0]) : undefined;
    if (name === undefined) return 'datasource() takes one name, written as a text: datasource("name")';
    dataSources.add(name);
    return undefined;
  }
  return isFunction(call.function) ? undefined : `the function "${call.function}" is unknown`;
}

function literalText(expression: Expr | undefined): string | undefined {
  if (expression?.exprKind.case !== 'constExpr') return undefined;
  const constant = expression.exprKind.value.constantKind;
  return constant.case === 'stringValue' ? constant.value : undefined;
}

/** A map written out with literal names, or a choice between such maps. */
function memberNames(expression: Expr): readonly string[] | undefined {
  const kind = expression.exprKind;
  if (kind.case === 'structExpr' && kind.value.messageName === '') {
    const names = kind.value.entries.map((entry) => (entry.keyKind.case === 'mapKey' ? literalText(entry.keyKind.value) : undefined));
    return names.includes(undefined) ? undefined : (names as string[]);
  }
  if (kind.case === 'callExpr' && kind.value.function === '_?_:_') {
    const [, whenTrue, whenFalse] = kind.value.args;
    const first = whenTrue && memberNames(whenTrue);
    const second = whenFalse && memberNames(whenFalse);
    return first && second ? [...new Set([...first, ...second])] : undefined;
  }
  return undefined;
}
