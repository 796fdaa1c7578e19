import { ContentError } from '../../api/errors.ts';

const hexDigits = { sha256: 64, sha384: 96, sha512: 128 } as const;
export type DigestAlgorithm = keyof typeof hexDigits;

/** A digest in OCI form, taken apart. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Lower case. */
  readonly hex: string;
}

const form =
  "sha256, sha384 or sha512, a ':' and that digest's lower-case hex digits, such as sha256:9f86d0...";

/** Parses a digest such as `sha256:9f86d0...`. Throws InvalidSpec that names the field and the form. */
export function parseDigest(text: string, field: string): Digest {
  if (text === '') throw invalid(field, `is missing; it is ${form}`);
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, Math.max(0, colon));
  const hex = text.slice(colon + 1);
  if (!isAlgorithm(algorithm)) throw invalid(field, `must be ${form}`);
  if (!/^[0-9a-f]*$/.test(hex) || hex.length !== hexDigits[algorithm]) {
    throw invalid(field, `${algorithm} needs ${hexDigits[algorithm]} lower-case hex digits`);
  }
  return { algorithm, hex };
}

export function formatDigest({ algorithm, hex }: Digest): string {
  return `${algorithm}:${hex}`;
}

function isAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(hexDigits, text);
}

function invalid(field: string, why: string): ContentError {
  return new ContentError('InvalidSpec', `${field}: ${why}`);
}
