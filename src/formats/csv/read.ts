import { StringDecoder } from 'node:string_decoder'
import { SourceError } from '../../errors.js'
import { checkStart, LONGEST_LINE, START } from '../../files/text-form.js'
import type { RejectRecord } from '../faults.js'
import type { FileSlice, Reading, ReadStep } from '../format.js'
import { CHUNK, readLines } from '../read-lines.js'
import type { CheckedCsvOptions } from './options.js'
import { CsvParser, type CsvRows } from './parser.js'
import { recordsOf, type ToRecord } from './rows.js'

export function readCsv(slice: FileSlice, options: object, reject: RejectRecord): Reading {
  const checked = options as CheckedCsvOptions
  const table = new CsvTable(slice.path, checked, reject)
  return checked.multiLine ? readWhole(slice, table) : readRange(slice, table)
}

/** The rows of one file, as records. */
class CsvTable implements CsvRows {
  readonly #path: string
  readonly #options: CheckedCsvOptions
  readonly #reject: RejectRecord
  readonly #parser: CsvParser
  #toRecord: ToRecord | undefined
  #records: unknown[] = []
  #text = ''
  #position = 0

  constructor(path: string, options: CheckedCsvOptions, reject: RejectRecord) {
    this.#path = path
    this.#options = options
    this.#reject = reject
    this.#parser = new CsvParser(options)
    if (!options.header) this.#toRecord = recordsOf(options, path, undefined)
  }

  /** Whether the next row contains the column names. */
  get wantsHeader(): boolean {
    return this.#toRecord === undefined
  }

  /**
   * Parses text that begins with a row, at byte `position` of the file. Returns the records, and the number of
   * characters used.
   */
  take(
    text: string,
    position: number,
    isEnd: boolean,
  ): { readonly records: readonly unknown[]; readonly used: number } {
    this.#records = []
    this.#text = text
    this.#position = position
    const used = this.#parser.parse(text, isEnd, this)
    return { records: this.#records, used }
  }

  row(fields: readonly string[], start: number, end: number): void {
    if (!this.#toRecord) {
      this.#toRecord = recordsOf(this.#options, this.#path, fields)
      return
    }
    const result = this.#toRecord(fields)
    if (typeof result === 'string') this.broken(result, start, end)
    else this.#records.push(result)
  }

  broken(why: string, start: number, end: number): void {
    const offset = this.#position + Buffer.byteLength(this.#text.slice(0, start))
    if (!this.#toRecord) {
      throw new SourceError(`The header of ${this.#path} ${why}: ${JSON.stringify(this.#text.slice(start, end))}.`, {
        details: { path: this.#path, offset },
      })
    }
    this.#reject({ path: this.#path, offset, text: this.#text.slice(start, end), why })
  }
}

/** Reads a file from its beginning, which shows what is quoted. */
function* readWhole({ path, size, start, end }: FileSlice, table: CsvTable): Reading {
  if (start >= end || size === 0) return
  const decoder = new StringDecoder('utf8')
  let at = checkStart(yield { at: 0, length: Math.min(START, size) }, path)
  let position = at
  let text = ''
  /**
   * The number of characters from which parsing an incomplete row again is worthwhile, so that a long row is parsed few
   * times.
   */
  let enough = 0
  while (at < size) {
    const bytes: Buffer = yield { at, length: Math.min(CHUNK, size - at) }
    at += bytes.length
    text += decoder.write(bytes)
    const isEnd = at >= size
    if (isEnd) text += decoder.end()
    else if (text.length < enough) continue
    const { records, used } = table.take(text, position, isEnd)
    if (records.length > 0) yield { records }
    position += Buffer.byteLength(used === text.length ? text : text.slice(0, used))
    text = text.slice(used)
    enough = used === 0 ? text.length * 2 : 0
    if (text.length > LONGEST_LINE) {
      throw new SourceError(
        `The row at byte ${position} of ${path} is longer than ${LONGEST_LINE} characters: is a quote not closed?`,
        { details: { path, position, limit: LONGEST_LINE } },
      )
    }
  }
}

/** Reads the rows that begin in a range; each row is a line. */
function* readRange(slice: FileSlice, table: CsvTable): Reading {
  const first = slice.start > 0 && table.wantsHeader ? yield* readHeader(slice, table) : 0
  const rows = (text: Buffer, position: number) => table.take(text.toString(), position, true).records
  yield* readLines({ ...slice, start: Math.max(slice.start, first) }, rows)
}

/** Reads lines from the beginning of the file up to the header. Returns the offset of the next line. */
function* readHeader({ path, size }: FileSlice, table: CsvTable): Generator<ReadStep, number, Buffer> {
  let at = 0
  while (at < size && table.wantsHeader) {
    let next = size
    yield* readLines({ path, size, start: at, end: at + 1 }, (text, position) => {
      next = position + text.length
      table.take(text.toString(), position, true)
      return []
    })
    at = next
  }
  return at
}
