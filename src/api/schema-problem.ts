import { fieldNames } from './field-names.generated.ts';
import { nearest } from './nearest.ts';
import type { SchemaProblem } from './schema.generated.js';

/** What is wrong with one field of a resource. */
export interface Problem {
  /** Such as `spec.initializer.download.files[0].digest`. */
  readonly field: string;
  /** What is wrong and how it should be, to stand behind the field's name and a colon. */
  readonly message: string;
}

/** A problem that the compiled schema found, in words for people. */
export function describeProblem(problem: SchemaProblem): Problem {
  const field = fieldName(problem.instancePath.split('/').slice(1).map(unescapePointer));
  const param = (name: string): string => String(problem.params[name]);
  switch (problem.keyword) {
    case 'required':
      return { field: join(field, param('missingProperty')), message: 'is required' };
    case 'additionalProperties':
      return {
        field: join(field, param('additionalProperty')),
        message: unknownField(param('additionalProperty'), problem.instancePath),
      };
    case 'type':
      return { field, message: `must be ${withArticle(param('type'))}` };
    case 'enum': {
      const allowed = problem.params['allowedValues'];
      return {
        field,
        message: `must be one of ${Array.isArray(allowed) ? allowed.join(', ') : ''}`,
      };
    }
    case 'minLength':
      return {
        field,
        message:
          param('limit') === '1'
            ? 'may not be empty'
            : `must have at least ${param('limit')} characters`,
      };
    case 'maxLength':
      return { field, message: `may have at most ${param('limit')} characters` };
    case 'minItems':
      return {
        field,
        message: `must have at least ${param('limit')} ${plural(param('limit'), 'item')}`,
      };
    case 'maxItems':
      return { field, message: `may have at most ${param('limit')} items` };
    case 'maxProperties':
      return { field, message: `may have at most ${param('limit')} entries` };
    case 'minimum':
      return { field, message: `must be at least ${param('limit')}` };
    case 'maximum':
      return { field, message: `may be at most ${param('limit')}` };
    case 'pattern':
      return { field, message: 'must be base64 (standard alphabet, with padding)' };
    default:
      return { field, message: problem.message ?? 'is not valid' };
  }
}

function unknownField(name: string, instancePath: string): string {
  const known = fieldNames[instancePath.replaceAll(/\/[0-9]+(?=\/|$)/g, '/*')] ?? [];
  const meant = nearest(name, known);
  if (meant !== undefined) return `is not a known field; did you mean ${meant}?`;
  return known.length === 0
    ? 'is not a known field'
    : `is not a known field; known are ${known.join(', ')}`;
}

/** A field's name from the names on the way to it; numbers are places in a list. */
export function fieldName(path: readonly (string | number)[]): string {
  return path
    .map((part, index) =>
      /^[0-9]+$/.test(String(part)) ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`,
    )
    .join('');
}

function join(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function withArticle(type: string): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'an object',
    integer: 'a whole number',
  };
  return words[type] ?? `a ${type}`;
}

function plural(count: string, noun: string): string {
  return count === '1' ? noun : `${noun}s`;
}
