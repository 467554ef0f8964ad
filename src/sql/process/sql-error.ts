import { MillraceError, SqlError } from '../../errors.js'
import { scriptName } from '../../ops/functions/call-sites.js'
import { messageOf } from '../../values/message-of.js'

/** An error as DuckDB reports it with `errors_as_json`. */
export interface Reported {
  readonly exception_type?: string
  readonly exception_message?: string
  readonly error_subtype?: string
  /** The offset of the fault in the query, in bytes of UTF-8. */
  readonly position?: string
  readonly name?: string
}

/** Returns the error that DuckDB reports; undefined for an error of another kind. */
export function reported(error: unknown): Reported | undefined {
  if (error instanceof MillraceError) return undefined
  const json = /\{"exception_type".*\}/s.exec(messageOf(error))?.[0]
  if (json === undefined) return undefined
  try {
    return JSON.parse(json) as Reported
  } catch {
    // The message quotes something that only looks like a report.
    return undefined
  }
}

/** Whether the database is unusable after the error. */
export function isFatal(error: unknown): boolean {
  return /^(?:fatal|internal)$/i.test(reported(error)?.exception_type ?? '')
}

export interface Place {
  readonly text: string
  /** The text before the query in the statement that DuckDB received. */
  readonly prefix: string
  /** Tables whose columns are unknown. */
  readonly unknown: readonly string[]
}

const OUTSIDE = 'A query cannot read files, use the network or load extensions'
const REMEDIES: Readonly<Record<string, string>> = {
  'Out of Memory': 'Aggregate or filter earlier, or raise memoryLimit',
  Permission: `${OUTSIDE}: read the data with a source of Millrace`,
}

/** Turns an error of DuckDB into a SqlError with its place in the query. Returns other errors unchanged. */
export function sqlError(error: unknown, { text, prefix, unknown }: Place): unknown {
  const found = reported(error)
  if (!found) return error
  const { exception_type: kind = 'Unknown', exception_message = '' } = found
  const at = placeOf(text, prefix, found.position)
  const where = at ? ` at line ${at.line}, column ${at.column}` : ''
  const made = new SqlError(
    `${kind} error${where} of the query: ${sentence(exception_message)}${remedy(kind, unknown)}`,
    {
      details: { kind, ...at, final: true },
    },
  )
  // The driver finds the query's text in the program, and replaces the frame by the place there.
  const place = `${scriptName(text)}:${FIRST_LINE + (at?.line ?? 1)}:${at?.column ?? 1}`
  made.stack = `SqlError: ${made.message}\n    at sql ${place}`
  return made
}

/** The lines that stand before the text of a shipped function: the driver subtracts them. */
const FIRST_LINE = 3

function remedy(kind: string, unknown: readonly string[]): string {
  const known = REMEDIES[kind]
  if (known !== undefined) return ` ${known}.`
  if (kind !== 'Binder' || unknown.length === 0) return ''
  return ` The table ${unknown.join(', ')} has no records with fields, so its columns are unknown: set them with toTable.`
}

/** The first line of a message; the others are hints about other tables and settings. */
function sentence(message: string): string {
  const [first = '', second = ''] = message.split('\n')
  const hint = /^(?:Did you mean|Candidate)/.test(second) ? ` ${second}` : ''
  return `${first}${/[.!?]$/.test(first) ? '' : '.'}${hint}${/[.!?]$/.test(hint) || hint === '' ? '' : '.'}`
}

function placeOf(text: string, prefix: string, position: string | undefined) {
  if (position === undefined) return undefined
  const offset = Number(position) - Buffer.byteLength(prefix)
  const bytes = Buffer.from(text)
  if (!(offset >= 0 && offset <= bytes.length)) return undefined
  const lines = bytes.subarray(0, offset).toString().split('\n')
  return { line: lines.length, column: lines.at(-1)!.length + 1 }
}
