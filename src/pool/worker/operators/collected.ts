import type { ByteWriter } from '../../blocks/byte-writer.js'
import { areKeyedPairs } from '../../blocks/columns.js'
import { encodePairs } from '../../blocks/records-codec.js'
import { gather } from '../runtime/gathered.js'
import type { Source } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { MOST_RECORDS } from '../runtime/to-array.js'
import { PairRecords } from './pair-records.js'

/**
 * Replaces the content of `w` by all records of a source, in their order and like `encodeRecords`. Returns their number. Pairs are taken apart piece by
 * piece: their arrays die young, where an array of all pairs would make each collection copy them.
 */
export function encodeSource(w: ByteWriter, source: Source, task: Task): number {
  let pairs: Columns | undefined = new Columns()
  const others = gather((of, each) => {
    source(of, (piece) => {
      if (pairs?.add(piece)) return
      if (pairs && pairs.keys.length > 0) each(pairs.toArray())
      pairs = undefined
      each(piece)
    })
  }, task)
  // The source itself may use the writer for its snapshots.
  w.reset()
  if (pairs && pairs.keys.length > 0) {
    encodePairs(w, pairs.keys, pairs.values)
    return pairs.keys.length
  }
  others.encode(w)
  return others.count
}

class Columns {
  readonly keys: unknown[] = []
  readonly values: unknown[] = []

  /** Returns false, and adds nothing, unless all records are pairs that are no more than that. */
  add(piece: Iterable<unknown>): boolean {
    if (piece instanceof PairRecords) return this.#addColumns(piece)
    if (!Array.isArray(piece)) return false
    if (piece.length === 0) return true
    if (this.keys.length + piece.length > MOST_RECORDS || !areKeyedPairs(piece)) return false
    const { keys, values } = this
    for (let i = 0; i < piece.length; i++) {
      const pair = piece[i]!
      keys.push(pair[0])
      values.push(pair[1])
    }
    return true
  }

  toArray(): [unknown, unknown][] {
    return this.keys.map((key, i) => [key, this.values[i]])
  }

  #addColumns({ columns, from, to }: PairRecords): boolean {
    if (this.keys.length + to - from > MOST_RECORDS) return false
    const all = columns.keys.all()
    const { values } = columns
    for (let i = from; i < to; i++) {
      this.keys.push(all[i])
      this.values.push(values[i])
    }
    return true
  }
}
