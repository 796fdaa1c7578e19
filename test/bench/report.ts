/** One line of the report: a figure, and what it should be. */
export interface Row {
  readonly what: string;
  /** Such as `52 ms against 36 ms`. */
  readonly figures: string;
  /** Such as `1.4x`. */
  readonly result: string;
  readonly target: string;
  readonly met: boolean;
}

export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function times(value: number): string {
  return `${value.toFixed(2)}x`;
}

/** The rows as a table in Markdown, columns aligned so that a terminal shows them as well. */
export function table(rows: readonly Row[]): string {
  return grid([
    ['what', 'figures', 'result', 'target', ''],
    ...rows.map(({ what, figures, result, target, met }) => [
      what,
      figures,
      result,
      target,
      met ? 'met' : 'missed',
    ]),
  ]);
}

/** Cells as a table in Markdown, columns aligned; the first row is the heading. */
export function grid(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]?.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join(' | ')} |`;
  const rule = line((widths ?? []).map((width) => '-'.repeat(width)));
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)].join('\n');
}
