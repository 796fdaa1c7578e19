/** What the demo shows. */
import type { Row } from './table.ts';
import { renderTable } from './table.ts';

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Screen {
  readonly #terminal: Terminal;
  readonly #started = performance.now();
  /** Lines of the table on the terminal that the next one goes over. */
  #drawn = 0;
  /** Rows as they were printed last, by name, where lines cannot be redrawn. */
  readonly #printed = new Map<string, string>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** One stage of the demo, with the seconds since its start. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1).padStart(5);
    this.print(`[${seconds}s] ${text}`);
  }

  print(...lines: string[]): void {
    this.#drawn = 0;
    this.#terminal.write(`${lines.join('\n')}\n`);
  }

  /** On a terminal the table goes in the place of the last one, else each row is printed as it changes. */
  show(rows: readonly Row[]): void {
    if (this.#terminal.isTTY !== true) {
      this.#showChanges(rows);
      return;
    }
    const lines = renderTable(rows).map((line) =>
      line.slice(0, (this.#terminal.columns ?? 80) - 1),
    );
    const up = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A`;
    this.#terminal.write(`${up}${lines.map((line) => `\r\u001B[K${line}\n`).join('')}\u001B[J`);
    this.#drawn = lines.length;
  }

  #showChanges(rows: readonly Row[]): void {
    // The age alone is no news.
    const states = rows.map((row) => [row.name, JSON.stringify({ ...row, age: '' })] as const);
    const changed = states.filter(([name, state]) => this.#printed.get(name) !== state);
    if (changed.length === 0) return;
    const [heading = '', ...lines] = renderTable(rows);
    if (this.#printed.size === 0) this.print(heading);
    for (const [name, state] of changed) {
      this.print(lines[rows.findIndex((row) => row.name === name)] ?? '');
      this.#printed.set(name, state);
    }
  }
}
