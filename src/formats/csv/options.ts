import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { compressionOption, type TextCompression } from '../compressed-text.js'
import { checkColumns, checkTypes } from '../option-checks.js'
import type { CsvSyntax } from './parser.js'
import { CSV_TYPES, type CsvType } from './types.js'

export interface CsvOptions {
  /** Whether the first row of each file contains the column names (true). */
  readonly header?: boolean
  /**
   * Column names, in order. With a header, the columns to read, which the header must contain. Without header and
   * columns, a record is an array of texts.
   */
  readonly columns?: readonly string[]
  /** Types by column; other columns are text. */
  readonly types?: Readonly<Record<string, CsvType>>
  /** The character between fields (`,`). */
  readonly delimiter?: string
  /** The character around fields that contain delimiters, quotes or newlines (`"`). */
  readonly quote?: string
  /** The character before a quote inside a quoted field (`"`). Spark writes `\`. */
  readonly escape?: string
  /** Skips lines that begin with this text. Default: none. */
  readonly comment?: string
  /**
   * Whether quoted fields may contain newlines (true). A file is then one partition, because only its beginning shows
   * what is quoted. With false, large files are split, and a quoted newline is an error.
   */
  readonly multiLine?: boolean
}

export interface CsvWriteOptions {
  /** Whether each file begins with the column names (true). */
  readonly header?: boolean
  /** Column names, in order. Default: the fields of a partition's first record. */
  readonly columns?: readonly string[]
  /** The character between fields (`,`). */
  readonly delimiter?: string
  /** The character around fields that need it (`"`). */
  readonly quote?: string
  /** Compresses each file ('none'): 'gzip' names it `part-00000.csv.gz`. */
  readonly compression?: TextCompression
}

export interface CheckedCsvOptions extends CsvSyntax {
  readonly header: boolean
  readonly columns: readonly string[] | undefined
  readonly types: Readonly<Record<string, CsvType>>
}

export interface CheckedCsvWriteOptions {
  readonly header: boolean
  readonly columns: readonly string[] | undefined
  readonly delimiter: string
  readonly quote: string
  readonly compression: TextCompression
}

export const READ_NAMES = [
  'header',
  'columns',
  'types',
  'delimiter',
  'quote',
  'escape',
  'comment',
  'multiLine',
] as const satisfies (keyof CsvOptions)[]
export const WRITE_NAMES = [
  'header',
  'columns',
  'delimiter',
  'quote',
  'compression',
] as const satisfies (keyof CsvWriteOptions)[]

export function checkCsvOptions(given: CsvOptions, label: string): CheckedCsvOptions {
  const { header = true, columns, types = {}, delimiter = ',', quote = '"', comment, multiLine = true } = given
  const { escape: escapeCharacter = quote } = given
  flag(header, 'header', label)
  flag(multiLine, 'multiLine', label)
  checkColumns(columns, label)
  checkTypes(types, CSV_TYPES, label)
  if (!header && !columns && Object.keys(types).length > 0) {
    throw new ArgumentError(`${label}: types need the names of columns; set columns, or header: true.`, { types })
  }
  checkSyntax({ delimiter, quote, escape: escapeCharacter }, label)
  if (comment !== undefined && (typeof comment !== 'string' || comment === '' || /[\r\n]/.test(comment)))
    throw new ArgumentError(`${label}: comment is ${describe(comment)}; it must be the text that comments begin with.`)
  return { header, columns, types, delimiter, quote, escape: escapeCharacter, comment, multiLine }
}

export function checkCsvWriteOptions(given: CsvWriteOptions, label: string): CheckedCsvWriteOptions {
  const { header = true, columns, delimiter = ',', quote = '"', compression } = given
  flag(header, 'header', label)
  checkColumns(columns, label)
  checkSyntax({ delimiter, quote, escape: quote }, label)
  return { header, columns, delimiter, quote, compression: compressionOption(compression, label) }
}

function flag(value: unknown, name: string, label: string): void {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${label}: ${name} is ${describe(value)}; it must be true or false.`, { [name]: value })
}

function checkSyntax(syntax: Readonly<Record<'delimiter' | 'quote' | 'escape', string>>, label: string): void {
  for (const [name, value] of Object.entries(syntax)) {
    if (typeof value !== 'string' || value.length !== 1 || /[\r\n\uD800-\uDFFF]/.test(value))
      throw new ArgumentError(`${label}: ${name} is ${describe(value)}; it must be one character, not a newline.`, {
        [name]: value,
      })
  }
  if (syntax.delimiter === syntax.quote || syntax.delimiter === syntax.escape)
    throw new ArgumentError(`${label}: delimiter and quote are both ${describe(syntax.delimiter)}; they must differ.`)
}
