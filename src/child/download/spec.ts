import { ContentError } from '../../api/errors.ts';
import type { InitializerMessage } from '../../api/initializer.ts';
import { parseDirectory, parseFile, type RelativePath } from '../paths.ts';
import { parseHttpUrl } from '../urls.ts';
import { type Digest, parseDigest } from './digest.ts';

/** One file to download, checked. */
export interface FileSpec {
  /** A secret: it may carry a signature. */
  readonly url: URL;
  /** Below the destination, the target location included. */
  readonly path: RelativePath;
  readonly digest: Digest;
}

/** Checks a download initializer; `path` is its step. Throws InvalidSpec that names the field. */
export function parseDownloadSpec(
  message: NonNullable<InitializerMessage['download']>,
  path: string,
): readonly FileSpec[] {
  const target = parseDirectory(message.targetLocation ?? '', `${path}.targetLocation`);
  const files = (message.files ?? []).map(({ url, filePath, digest }, index) => {
    const field = `${path}.files[${index}]`;
    return {
      url: parseHttpUrl(url ?? '', `${field}.url`),
      path: [...target, ...parseFile(filePath ?? '', `${field}.filePath`)],
      digest: parseDigest(digest ?? '', `${field}.digest`),
    };
  });
  refuseDuplicates(files, path);
  return files;
}

/** Files are downloaded side by side: of two with one path, either could win. */
function refuseDuplicates(files: readonly FileSpec[], path: string): void {
  const seen = new Map<string, number>();
  for (const [index, file] of files.entries()) {
    const name = file.path.join('/');
    const first = seen.get(name);
    if (first !== undefined) {
      throw new ContentError(
        'InvalidSpec',
        `${path}.files[${index}].filePath: is the path of files[${first}] too`,
      );
    }
    seen.set(name, index);
  }
}
