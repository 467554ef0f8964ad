import { createHash } from 'node:crypto'
import type { Query } from '../query.js'

/**
 * The names of the tables that hold the records and the result of a query. They have a digest of the query and of the
 * names of its tables, so neither can contain them.
 */
export class InternalNames {
  readonly #digest: string

  constructor({ text, tables }: Pick<Query, 'text' | 'tables'>) {
    const given = JSON.stringify([text, tables.map(({ name }) => name)])
    this.#digest = createHash('sha256').update(given).digest('hex').slice(0, 32)
  }

  /** The table of the result. DuckDB bounds the memory of tables, but not of results. */
  get result(): string {
    return `result ${this.#digest}`
  }

  /** The table of the records of the query's table with this index. */
  records(index: number): string {
    return `records ${index} ${this.#digest}`
  }
}
