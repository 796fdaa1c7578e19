import { decodeInitializer, describeInitializer } from '../../api/initializer.ts';
import { hideSecrets } from '../../api/secrets.ts';
import { isRecord } from '../../api/record.ts';

/** Where `kubectl apply` keeps a copy of the whole resource, secrets included. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** A valid resource as it would be run: the protobuf form decoded, and secrets hidden. */
export function describeResource(
  object: Readonly<Record<string, unknown>>,
): Record<string, unknown> & { readonly metadata: Record<string, unknown> } {
  const { spec, metadata, ...rest } = structuredClone(object);
  const { initializerProto, initializer, ...fields } = spec as Record<string, unknown>;
  const shown =
    typeof initializerProto === 'string'
      ? describeInitializer(decodeInitializer(Buffer.from(initializerProto, 'base64')))
      : (initializer as Record<string, unknown>);
  hideSecrets(shown);
  const named = isRecord(metadata) ? metadata : {};
  if (isRecord(named['annotations'])) delete named['annotations'][lastApplied];
  return { ...rest, metadata: named, spec: { ...fields, initializer: shown } };
}
