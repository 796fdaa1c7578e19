/**
 * What the API server and `kubectl apply` would say of a resource, without a cluster: the schema's
 * types and bounds, unknown fields, and the CEL rules, all from the CRD.
 */
import { evaluate } from '@marcbachmann/cel-js';
import { rules } from './rules.generated.ts';
import type { Rule } from './rules.ts';
import { validate } from './schema.generated.js';
import { describeProblem, fieldName, type Problem } from './schema-problem.ts';

type Path = readonly (string | number)[];

export interface Validation {
  readonly problems: readonly Problem[];
  /** A copy of the object with the CRD's defaults filled in. */
  readonly defaulted: unknown;
}

/** Everything that is wrong with a WorkspaceContent, the first problem of each field. */
export function validateResource(object: unknown): Validation {
  const defaulted = structuredClone(object);
  const problems = validate(defaulted)
    ? []
    : (validate.errors ?? []).map((problem) => describeProblem(problem));
  for (const rule of rules) problems.push(...broken(rule, defaulted));
  return { problems: firstOfEachField(problems), defaulted };
}

function firstOfEachField(problems: readonly Problem[]): readonly Problem[] {
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    if (!first.has(problem.field)) first.set(problem.field, problem);
  }
  return [...first.values()];
}

function* broken(rule: Rule, root: unknown): Generator<Problem> {
  for (const { path, value } of places(root, rule.path, [])) {
    if (holds(rule.rule, value)) continue;
    const at = rule.fieldPath === undefined ? path : [...path, rule.fieldPath];
    yield { field: fieldName(at), message: rule.message };
  }
}

function holds(rule: string, self: unknown): boolean {
  try {
    return evaluate(rule, { self }) !== false;
  } catch {
    // A value of the wrong type, which the schema reports.
    return true;
  }
}

/** Every value that a rule's path leads to. */
function* places(
  value: unknown,
  path: readonly string[],
  walked: Path,
): Generator<{ path: Path; value: unknown }> {
  const [name, ...rest] = path;
  if (value === undefined || value === null) return;
  if (name === undefined) {
    yield { path: walked, value };
  } else if (Array.isArray(value)) {
    if (name !== '*') return;
    for (const [index, item] of value.entries()) yield* places(item, rest, [...walked, index]);
  } else if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([key]) => name === '*' || key === name);
    for (const [key, item] of entries) yield* places(item, rest, [...walked, key]);
  }
}
