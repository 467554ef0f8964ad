import { SourceError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'

/** The part of `node:sqlite` that this connector uses. The package `@photostructure/sqlite` has the same interface. */
export interface Database {
  exec(statement: string): void
  prepare(statement: string): Statement
  close(): void
}

export interface Statement {
  all(...values: readonly unknown[]): Readonly<Record<string, unknown>>[]
  run(...values: readonly unknown[]): { readonly changes: number | bigint }
  setReadBigInts(enabled: boolean): void
}

type Open = new (path: string, options?: { readonly readOnly?: boolean }) => Database

let loaded: Promise<Open> | undefined

/** Opens a database. With `readOnly`, the file must exist. */
export async function openDatabase(path: string, options: { readonly readOnly: boolean }): Promise<Database> {
  loaded ??= load()
  loaded.catch(() => (loaded = undefined))
  const DatabaseSync = await loaded
  try {
    return new DatabaseSync(path, options)
  } catch (cause) {
    throw new SourceError(`SQLite cannot open ${path}: ${messageOf(cause)}. Check the path and its permissions.`, {
      cause,
      details: { path },
    })
  }
}

/** Loads `node:sqlite`, which exists from Node 22.5 on, and from 22.13 on without a flag; else the package. */
async function load(): Promise<Open> {
  const failures: unknown[] = []
  for (const name of ['node:sqlite', '@photostructure/sqlite']) {
    try {
      return ((await import(name)) as { readonly DatabaseSync: Open }).DatabaseSync
    } catch (error) {
      failures.push(error)
    }
  }
  throw new SourceError(
    "Node before 22.13 has no SQLite, and the package '@photostructure/sqlite' cannot be loaded. Use Node 22.13 or later, or install it: npm install @photostructure/sqlite (version 1).",
    { cause: failures[1], details: { package: '@photostructure/sqlite', final: true } },
  )
}

const BUSY = 5
const LOCKED = 6

/** Returns whether another connection holds a lock, so that a retry may succeed. */
export function isBusy(error: unknown): boolean {
  const { errcode, code, message = '' } = (error ?? {}) as { errcode?: number; code?: unknown; message?: string }
  const primary = typeof errcode === 'number' ? errcode & 255 : undefined
  return (
    primary === BUSY ||
    primary === LOCKED ||
    /^SQLITE_(?:BUSY|LOCKED)/.test(String(code)) ||
    /database (?:table )?is locked/.test(message)
  )
}

/** Quotes a name for SQL. The name may contain any characters. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Returns the columns of a table; none if the table does not exist. */
export function columnsOf(database: Database, table: string): { name: string; type: string; required: boolean }[] {
  return database
    .prepare('SELECT name, type, "notnull" AS required, pk FROM pragma_table_info(?)')
    .all(table)
    .map(({ name, type, required, pk }) => ({
      name: String(name),
      type: String(type).toUpperCase(),
      required: Number(required) === 1 || (Number(pk) === 1 && String(type).toUpperCase() === 'INTEGER'),
    }))
}
