/** A JSON schema as a CRD holds it (OpenAPI v3 with Kubernetes' extensions), as far as it is used here. */
export interface Schema {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  definitions?: Record<string, Schema>;
  pattern?: string;
  'x-kubernetes-validations'?: { rule: string; message: string; fieldPath?: string }[];
  [keyword: string]: unknown;
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** The schema with `change` applied to it and to every schema in it, deepest first. */
export function mapSchema(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const copy: Schema = { ...schema };
  if (schema.properties !== undefined) {
    copy.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, mapSchema(field, change)]),
    );
  }
  if (schema.items !== undefined) copy.items = mapSchema(schema.items, change);
  if (typeof schema.additionalProperties === 'object') {
    copy.additionalProperties = mapSchema(schema.additionalProperties, change);
  }
  return change(copy);
}
