import { joined, linesOf } from '../files/line-ranges.js'
import type { FileSlice, Reading } from './format.js'

/** Bytes that are requested at a time. */
export const CHUNK = 1 << 20

/** Returns the records of complete lines. `position`: the offset of the text in the file. */
export type EachLines = (text: Buffer, position: number) => readonly unknown[]

/** Reads the records in the lines of a slice. */
export function* readLines(slice: FileSlice, each: EachLines): Reading {
  const steps = linesOf(slice, CHUNK)
  for (let step = steps.next(); !step.done; ) {
    const { value } = step
    if ('at' in value) {
      step = steps.next(joined(value.kept, yield { at: value.at, length: value.length }))
      continue
    }
    const records = each(value.text, value.position)
    if (records.length > 0) yield { records }
    step = steps.next()
  }
}
