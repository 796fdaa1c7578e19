/** Has the folder's programs found before the node's until it is disposed of. */
export function prependPath(folder: string): Disposable {
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}:${before}`;
  return { [Symbol.dispose]: () => void (process.env['PATH'] = before) };
}
