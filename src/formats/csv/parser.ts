/** The special characters of a file. */
export interface CsvSyntax {
  readonly delimiter: string
  readonly quote: string
  /** The character that makes a quote, or itself, part of a quoted field. */
  readonly escape: string
  /** Lines that begin with this text are skipped. */
  readonly comment: string | undefined
  /** Whether quoted fields may contain newlines. */
  readonly multiLine: boolean
}

/** Receives the rows of a text, in order. `start` and `end` are offsets in the text. */
export interface CsvRows {
  row(fields: readonly string[], start: number, end: number): void
  /** Called for a row that breaks the rules; the next line starts another row. */
  broken(why: string, start: number, end: number): void
}

const NEWLINE = 10
const RETURN = 13

/**
 * Parses rows as RFC 4180 defines them, each ending with `\n` or `\r\n`. Lines without a quote, which are most, are
 * split at once; others are parsed field by field. Empty lines are skipped.
 */
export class CsvParser {
  readonly #syntax: CsvSyntax
  readonly #quote: number
  readonly #escape: number
  readonly #delimiter: number
  /** The quoted field that is being read. */
  #value = ''
  #after = 0

  constructor(syntax: CsvSyntax) {
    this.#syntax = syntax
    this.#quote = syntax.quote.charCodeAt(0)
    this.#escape = syntax.escape.charCodeAt(0)
    this.#delimiter = syntax.delimiter.charCodeAt(0)
  }

  /**
   * Parses complete rows; at the end of a file, also a last row without a newline. Returns the offset of the first
   * incomplete row.
   */
  parse(text: string, isEnd: boolean, rows: CsvRows): number {
    const { delimiter, quote, comment } = this.#syntax
    let nextQuote = text.indexOf(quote)
    for (let at = 0; at < text.length; ) {
      const newline = text.indexOf('\n', at)
      if (newline < 0 && !isEnd) return at
      const after = newline < 0 ? text.length : newline + 1
      const end = lineEnd(text, newline < 0 ? text.length : newline, at)
      if (end === at || (comment !== undefined && text.startsWith(comment, at))) {
        at = after
        continue
      }
      if (nextQuote >= 0 && nextQuote < at) nextQuote = text.indexOf(quote, at)
      if (nextQuote < 0 || nextQuote >= end) {
        rows.row(text.slice(at, end).split(delimiter), at, end)
        at = after
        continue
      }
      const next = this.#quotedRow(text, at, isEnd, rows)
      if (next < 0) return at
      at = next
    }
    return text.length
  }

  /** Parses a row that contains quotes. Returns the offset after it; -1 if it is incomplete. */
  #quotedRow(text: string, start: number, isEnd: boolean, rows: CsvRows): number {
    const fields: string[] = []
    for (let at = start; ; ) {
      let end: number
      if (text.charCodeAt(at) === this.#quote) {
        const fault = this.#quotedField(text, at + 1, isEnd)
        if (fault === '') return -1
        if (fault !== undefined) return broken(fault, text, start, rows)
        fields.push(this.#value)
        end = this.#after
      } else {
        end = this.#fieldEnd(text, at)
        const field = text.slice(at, text.charCodeAt(end) === NEWLINE ? lineEnd(text, end, at) : end)
        if (field.includes(this.#syntax.quote))
          return broken('has a quote inside of a field that is not quoted', text, start, rows)
        if (end === text.length && !isEnd) return -1
        fields.push(end === text.length ? field.replace(/\r$/, '') : field)
      }
      if (text.charCodeAt(end) === this.#delimiter) {
        at = end + 1
        continue
      }
      const line = text.charCodeAt(end) === RETURN ? end + 1 : end
      if (line < text.length && text.charCodeAt(line) !== NEWLINE)
        return broken('has characters after a closing quote', text, start, rows)
      if (line >= text.length && !isEnd) return -1
      rows.row(fields, start, end)
      return Math.min(line + 1, text.length)
    }
  }

  /** Reads from after the opening quote. Returns the fault; '' if the text ends before the field does. */
  #quotedField(text: string, start: number, isEnd: boolean): string | undefined {
    const { multiLine } = this.#syntax
    let value = ''
    let from = start
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === this.#escape && this.#isEscaped(text.charCodeAt(at + 1))) {
        value += text.slice(from, at)
        from = ++at
      } else if (code === this.#quote) {
        if (at + 1 === text.length && !isEnd) return ''
        this.#value = value + text.slice(from, at)
        this.#after = at + 1
        return undefined
      } else if (code === NEWLINE && !multiLine) {
        return 'has a quoted field that does not end on its line (multiLine is false)'
      }
    }
    return isEnd ? 'has a quote that is never closed' : ''
  }

  #isEscaped(code: number): boolean {
    return code === this.#quote || code === this.#escape
  }

  #fieldEnd(text: string, at: number): number {
    const delimiter = text.indexOf(this.#syntax.delimiter, at)
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    return delimiter >= 0 && delimiter < end ? delimiter : end
  }
}

/** Returns the end of a line without its `\r`. */
function lineEnd(text: string, newline: number, start: number): number {
  return newline > start && text.charCodeAt(newline - 1) === RETURN ? newline - 1 : newline
}

/** Reports a broken row and returns the offset of the next line. */
function broken(why: string, text: string, start: number, rows: CsvRows): number {
  const newline = text.indexOf('\n', start)
  const end = newline < 0 ? text.length : newline
  rows.broken(why, start, end)
  return Math.min(end + 1, text.length)
}
