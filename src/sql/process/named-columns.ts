import type { SyntaxNode } from './syntax-tree.js'

/** Names that DuckDB reads as functions if no table has such a column. */
const FUNCTIONS = new Set(
  'current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime localtimestamp session_user user'.split(
    ' ',
  ),
)

/** The columns that a query names and that nothing but a table without known columns can have. */
export interface NamedColumns {
  /** Columns without the name of a table, in the order of the query. */
  readonly unqualified: readonly string[]
  /** Columns with the name of a table, by table. */
  readonly qualified: ReadonlyMap<string, readonly string[]>
}

/**
 * Finds columns in the syntax tree of a query over `tables`, whose columns are unknown. A name is left out if it occurs
 * elsewhere in the query, as an alias, a parameter of a lambda or anything else: it may then mean something else, and
 * only DuckDB knows.
 */
export function namedColumns(tree: SyntaxNode, tables: readonly string[]): NamedColumns {
  const names = new Names(tables)
  names.visit(tree, [])
  return { unqualified: names.unqualified(), qualified: names.qualified() }
}

class Names {
  readonly #tables: ReadonlyMap<string, string>
  readonly #references: (readonly string[])[] = []
  /** How often a name occurs as something else than a column. */
  readonly #others = new Map<string, number>()
  /** Names of columns in an expression with an alias of the same name, such as `sum(n) AS n`. */
  readonly #renamed = new Set<string>()
  /** The tables that have a qualifier: their own name, or an alias. */
  readonly #qualifiers = new Map<string, Set<string>>()

  constructor(tables: readonly string[]) {
    this.#tables = new Map(tables.map((table) => [table.toLowerCase(), table]))
  }

  /** `aliases` are those of the expressions that have the node as a part. */
  visit(value: unknown, aliases: readonly string[]): void {
    if (typeof value === 'string') this.#noteOther(value)
    else if (Array.isArray(value)) for (const part of value) this.visit(part, aliases)
    else if (typeof value === 'object' && value !== null) this.#visitNode(value as SyntaxNode, aliases)
  }

  unqualified(): string[] {
    const columns = this.#references.filter((names) => names.length === 1).map(([name]) => name!)
    return columns.filter((name) => {
      const key = name.toLowerCase()
      const occurs = this.#others.get(key) ?? 0
      return occurs === Number(this.#renamed.has(key)) && !this.#qualifiers.has(key) && !FUNCTIONS.has(key)
    })
  }

  qualified(): ReadonlyMap<string, readonly string[]> {
    const columns = new Map<string, string[]>()
    for (const [qualifier, name, ...more] of this.#references) {
      const key = qualifier!.toLowerCase()
      const tables = [...(this.#qualifiers.get(key) ?? [])]
      if (name === undefined || more.length > 0 || tables.length !== 1 || this.#others.has(key)) continue
      columns.set(tables[0]!, [...(columns.get(tables[0]!) ?? []), name])
    }
    return columns
  }

  #visitNode(node: SyntaxNode, outer: readonly string[]): void {
    const alias = typeof node.alias === 'string' && node.alias !== '' ? node.alias.toLowerCase() : undefined
    const aliases = alias === undefined ? outer : [...outer, alias]
    if (node.class === 'COLUMN_REF') {
      this.#noteColumn(node.column_names as readonly string[], aliases)
      this.visit(node.alias, aliases)
      return
    }
    // The parameters of a lambda look like columns.
    if (node.class === 'LAMBDA') this.#noteParameters(node.lhs)
    const table = node.type === 'BASE_TABLE' ? this.#tables.get(String(node.table_name).toLowerCase()) : undefined
    const { alias: _, table_name, ...parts } = node
    if (table === undefined) this.visit([node.alias, table_name], aliases)
    else this.#noteQualifier(alias ?? table.toLowerCase(), table)
    for (const part of Object.values(parts)) this.visit(part, aliases)
  }

  #noteColumn(names: readonly string[], aliases: readonly string[]): void {
    this.#references.push(names)
    const key = names[0]!.toLowerCase()
    if (aliases.includes(key)) this.#renamed.add(key)
  }

  #noteParameters(value: unknown): void {
    if (typeof value === 'string') this.#noteOther(value)
    else if (typeof value === 'object' && value !== null)
      for (const part of Object.values(value)) this.#noteParameters(part)
  }

  #noteQualifier(qualifier: string, table: string): void {
    this.#qualifiers.set(qualifier, (this.#qualifiers.get(qualifier) ?? new Set()).add(table))
  }

  #noteOther(name: string): void {
    const key = name.toLowerCase()
    this.#others.set(key, (this.#others.get(key) ?? 0) + 1)
  }
}
