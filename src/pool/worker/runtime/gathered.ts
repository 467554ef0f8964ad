import type { ByteWriter } from '../../blocks/byte-writer.js'
import { encodeRecords } from '../../blocks/records-codec.js'
import { writeLatin1Pieces } from '../../blocks/string-column.js'
import { TextRecords } from '../text/text-records.js'
import type { Each } from './inputs.js'
import type { Source } from './plan-compiler.js'
import type { Task } from './task.js'
import { toArray } from './to-array.js'

/** All records of a partition, in the form in which they came. */
export interface Gathered {
  readonly count: number
  encode(w: ByteWriter): void
  pass(each: Each): void
}

/** Gathers the records of a source. Those that are all texts in bytes stay so; others become one array. */
export function gather(source: Source, task: Task): Gathered {
  let texts: TextRecords[] | undefined = []
  const records = toArray((of, each) => {
    source(of, (piece) => {
      if (texts && piece instanceof TextRecords) {
        texts.push(piece)
        return
      }
      for (const before of texts ?? []) each(before)
      texts = undefined
      each(piece)
    })
  }, task)
  return texts && texts.length > 0 ? inBytes(texts) : inArray(records)
}

function inBytes(pieces: readonly TextRecords[]): Gathered {
  return {
    count: pieces.reduce((sum, { length }) => sum + length, 0),
    encode: (w) =>
      writeLatin1Pieces(
        w,
        pieces.map(({ texts }) => texts),
      ),
    pass: (each) => pieces.forEach(each),
  }
}

function inArray(records: readonly unknown[]): Gathered {
  return { count: records.length, encode: (w) => encodeRecords(w, records), pass: (each) => each(records) }
}
