import { toJson } from '../values/json.js'
import { COMPRESSION, compressed, textOf } from './compressed-text.js'
import type { RejectRecord } from './faults.js'
import { type FileFormat, type FileSlice, NO_OPTIONS, type Reading } from './format.js'
import { readLines } from './read-lines.js'

export interface JsonWriteOptions {
  /** Compresses each file ('none'): 'gzip' names it `part-00000.json.gz`. */
  readonly compression?: 'none' | 'gzip'
}

/** One JSON value per line. Empty lines are skipped. */
export const jsonLines: FileFormat = {
  name: 'json',
  compressible: true,
  readOptions: NO_OPTIONS,
  writeOptions: COMPRESSION,
  splits: () => true,
  read: readJsonLines,
  write: (records, options) => {
    const { compression } = options as Required<JsonWriteOptions>
    return compressed('.json', compression, textOf(records, toJson))
  },
}

function readJsonLines(slice: FileSlice, _options: object, reject: RejectRecord): Reading {
  return readLines(slice, (bytes, position) => {
    const text = bytes.toString()
    const records: unknown[] = []
    for (let at = 0; at < text.length; ) {
      const newline = text.indexOf('\n', at)
      const end = newline < 0 ? text.length : newline
      if (end > at) {
        const line = text.slice(at, end)
        try {
          records.push(JSON.parse(line))
        } catch (cause) {
          if (line.trim() !== '') {
            const offset = position + Buffer.byteLength(text.slice(0, at))
            reject({ path: slice.path, offset, text: line, why: 'is not JSON', cause })
          }
        }
      }
      at = end + 1
    }
    return records
  })
}
