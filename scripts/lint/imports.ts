import { parseSync } from 'oxc-parser';

export interface Import {
  specifier: string;
  line: number;
}

/** Every module that a source names: imports and re-exports, those of types included, and import(). */
export function findImports(file: string, source: string): Import[] {
  const { module, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) => entries.map((entry) => entry.moduleRequest)),
    ...module.dynamicImports.map(({ moduleRequest }) => moduleRequest),
  ];
  return requests.flatMap((request) => {
    if (request === null || request === undefined) return [];
    const specifier = /^(['"`])(.*)\1$/s.exec(source.slice(request.start, request.end))?.[2];
    // What import() computes cannot be known; nothing here does that.
    const line = source.slice(0, request.start).split('\n').length;
    return specifier === undefined ? [] : [{ specifier, line }];
  });
}
