import { inspect } from 'node:util'
import { PACKAGE_ROOT } from '../../package-root.js'
import { describeError } from '../describe-error.js'
import { printable, printableLines } from '../printable.js'
import { textTable } from '../text-table.js'

/** Characters of a cell. */
const CELL = 60
/** Rows of a table. */
export const SHOWN_ROWS = 20
const MOST_COLUMNS = 12

/** A value that the shell prints in a form of its own, with that form. */
const FORMS = new WeakMap<object, string>()

/** Makes `text` the printed form of a value. */
export function printAs<T extends object>(value: T, text: string): T {
  FORMS.set(value, text)
  return value
}

/** Returns the printed form of a result: a table for records of one form, else what Node's REPL prints. */
export function present(value: unknown, colours: boolean): string {
  const form = typeof value === 'object' && value !== null ? FORMS.get(value) : undefined
  if (form !== undefined) return form
  if (isTabular(value)) return recordsTable(value, value.length > SHOWN_ROWS)
  if (value instanceof Error && 'details' in value) return describeError(value)
  if (value instanceof Error) return withoutOwnFrames(printableLines(inspect(value)))
  return inspect(value, { colors: colours, showProxy: true })
}

/** Removes the frames of the REPL and of the package, which do not help the author of an input. */
function withoutOwnFrames(stack: string): string {
  const isOwn = (line: string) =>
    /^\s+at /.test(line) && (/node:(?:vm|domain|repl|internal)\b/.test(line) || line.includes(PACKAGE_ROOT.href))
  return stack
    .split('\n')
    .filter((line) => !isOwn(line))
    .join('\n')
}

/** Whether a value is a list of records with named fields, or of pairs. */
function isTabular(value: unknown): value is readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.every(isPlainObject) || value.every((record) => Array.isArray(record) && record.length === 2)
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Formats the first records as a table: the fields of objects, the two items of pairs, or one column. */
export function recordsTable(records: readonly unknown[], hasMore: boolean): string {
  const shown = records.slice(0, SHOWN_ROWS)
  const count = hasMore
    ? `the first ${shown.length} records`
    : `${shown.length} ${shown.length === 1 ? 'record' : 'records'}`
  if (shown.length === 0) return '(no records)'
  const [headings, rows] = columnsOf(shown)
  return `${textTable(headings, rows, String)}\n(${count})`
}

function columnsOf(records: readonly unknown[]): [headings: string[], rows: (string | number)[][]] {
  if (records.every(isPlainObject)) {
    const fields = [...new Set(records.flatMap((record) => Object.keys(record)))].slice(0, MOST_COLUMNS)
    return [
      fields.map(printable),
      records.map((record) => fields.map((field) => cell(record[field], Object.hasOwn(record, field)))),
    ]
  }
  if (records.every((record) => Array.isArray(record) && record.length === 2))
    return [['key', 'value'], (records as unknown[][]).map((pair) => pair.map((item) => cell(item)))]
  return [['value'], records.map((record) => [cell(record)])]
}

function cell(value: unknown, isPresent = true): string | number {
  if (!isPresent) return ''
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const text = typeof value === 'string' ? value : inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY })
  const line = printable(text)
  return line.length > CELL ? `${line.slice(0, CELL - 1)}…` : line
}
