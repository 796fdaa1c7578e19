import { ContentError } from '../../api/errors.ts';

/** What is wrong with a field of a git initializer. */
export function invalid(field: string, why: string): ContentError {
  return new ContentError('InvalidSpec', `${field}: ${why}`);
}
