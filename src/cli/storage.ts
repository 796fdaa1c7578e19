import { loadStorageConfig } from '../storage/config-file.ts';
import { type StorageConfig, StorageConfigError } from '../storage/config.ts';
import { InputError } from './problems.ts';

/** The object stores of a file, if one is given. Throws InputError with all that is wrong with it. */
export async function readStorageConfig(
  file: string | undefined,
): Promise<{ readonly storage?: StorageConfig }> {
  if (file === undefined) return {};
  try {
    return { storage: await loadStorageConfig(file) };
  } catch (error) {
    if (!(error instanceof StorageConfigError)) throw error;
    throw new InputError(error.message, { cause: error });
  }
}
