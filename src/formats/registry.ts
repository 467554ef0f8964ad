import { binaryRecords } from './binary-records.js'
import { csv } from './csv/csv.js'
import type { FileFormat } from './format.js'
import { jsonLines } from './json-lines.js'
import { objects } from './objects.js'
import { parquet } from './parquet/parquet.js'
import { sequence } from './sequence/sequence.js'
import { hadoopText, text } from './text.js'
import { wholeBytes, wholeText } from './whole-files.js'

const FORMATS: ReadonlyMap<string, FileFormat> = new Map(
  [text, objects, jsonLines, csv, sequence, parquet, binaryRecords, hadoopText, wholeText, wholeBytes].map((format) => [
    format.name,
    format,
  ]),
)

/** Returns a format by its name, in any thread. */
export function formatOf(name: string): FileFormat {
  return FORMATS.get(name)!
}
