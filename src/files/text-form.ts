import { SourceError } from '../errors.js'

/** Bytes of the longest line of a file. Longer lines are refused. */
export const LONGEST_LINE = 256 * 1024 * 1024
/** The number of bytes at the beginning of a file by which its form is recognised. */
export const START = 4
const NEWLINE = 10
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const ENDINGS = { gzip: '.gz', zstd: '.zst' }

/**
 * Returns the length of the byte order mark at the beginning of a file. Throws SourceError if its first bytes are not
 * UTF-8 text.
 */
export function checkStart(first: Buffer, path: string): number {
  const [a, b, c] = first
  if (a === 0xef && b === 0xbb && c === 0xbf) return 3
  const isUtf16 = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)
  const form = isUtf16
    ? 'UTF-16'
    : a === 0x1f && b === 0x8b
      ? 'gzip'
      : first.subarray(0, START).equals(ZSTD)
        ? 'zstd'
        : undefined
  if (form === undefined) return 0
  const advice =
    form === 'UTF-16'
      ? 'Convert it to UTF-8, or read it with your own functions'
      : `Rename it so that it ends in ${ENDINGS[form]}`
  throw new SourceError(`The file ${path} is ${form}, not UTF-8 text. ${advice}.`, { details: { path, form } })
}

/**
 * Checks the length of each line of a text that begins at the offset `position` of its file. Only texts that are longer than
 * a line may be are searched. @throws SourceError for a line that is too long.
 */
export function checkLines(text: Buffer, path: string, position: number, longest = LONGEST_LINE): void {
  for (let at = 0; text.length - at > longest; ) {
    const newline = text.subarray(at, at + longest + 1).lastIndexOf(NEWLINE)
    if (newline < 0) lineTooLong(path, position + at, longest)
    at += newline + 1
  }
}

/** Returns a whole text without its byte order mark. @throws SourceError if it is not UTF-8, or a line is too long. */
export function checkText(text: Buffer, path: string): Buffer {
  const mark = checkStart(text, path)
  const lines = text.subarray(mark)
  checkLines(lines, path, mark)
  return lines
}

/** Reports a line that is too long. @throws SourceError always. */
export function lineTooLong(path: string, position: number, longest = LONGEST_LINE): never {
  throw new SourceError(
    `The line at byte ${position} of ${path} is longer than ${longest} bytes. Split the file into shorter lines.`,
    { details: { path, position, limit: longest } },
  )
}
