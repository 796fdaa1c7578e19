import { isRecord } from '../api/record.ts';
import { nearest } from '../api/nearest.ts';

/** A mapping of the configuration. What is wrong with it is added to the list of problems. */
export class Section {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #problems: string[];

  constructor(value: unknown, path: string, known: readonly string[], problems: string[]) {
    this.#path = path;
    this.#problems = problems;
    this.#fields = isRecord(value) ? value : {};
    if (!isRecord(value)) this.#add(path, `must be a mapping with ${known.join(', ')}`);
    for (const name of Object.keys(this.#fields)) {
      if (known.includes(name)) continue;
      const meant = nearest(name, known);
      const hint = meant === undefined ? `there are ${known.join(', ')}` : `is ${meant} meant?`;
      this.problem(name, `is no field: ${hint}`);
    }
  }

  /** A text that is not empty. With `example` it must be there. */
  text(name: string, example?: string): string | undefined {
    const value = this.#get(name);
    if (typeof value === 'string' && value.trim() !== '') return value;
    if (value !== undefined) this.problem(name, 'must be a text that is not empty');
    else if (example !== undefined) this.problem(name, `is required, ${example}`);
    return undefined;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#get(name);
    if (typeof value === 'boolean') return value;
    if (value !== undefined) this.problem(name, 'must be true or false');
    return undefined;
  }

  /** A list of texts, at least one. */
  texts(name: string): string[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const texts: unknown[] = Array.isArray(value) ? value : [];
    const valid = texts.filter((text) => typeof text === 'string' && text.trim() !== '');
    if (valid.length === 0 || valid.length !== texts.length) {
      this.problem(name, 'must be a list of texts that are not empty');
    }
    return valid as string[];
  }

  section(name: string, known: readonly string[]): Section | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    return new Section(value, this.#join(name), known, this.#problems);
  }

  /** The entries of a mapping with names of its own, of which there must be one at least. */
  entries(name: string, example: string): [string, unknown][] {
    const value = this.#get(name);
    const entries = isRecord(value) ? Object.entries(value) : [];
    if (entries.length === 0) this.problem(name, `is required, ${example}`);
    return entries;
  }

  problem(name: string, what: string): void {
    this.#add(this.#join(name), what);
  }

  /** A field without a value, as YAML allows, is as good as none. */
  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  #join(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #add(field: string, what: string): void {
    this.#problems.push(field === '' ? what : `${field}: ${what}`);
  }
}
