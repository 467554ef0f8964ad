import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { NONE } from '../tables/partner-index.js'
import type { Partners } from '../tables/partners.js'
import { JoinedRecords } from './joined-records.js'
import { compileColumns } from './merge.js'
import type { Join, Met, MetSource } from './met.js'
import { compilePartners } from './partner-source.js'

/** Joined records per piece, so that a key with many values on both sides does not fill the memory. */
const PIECE = 8192
const LEAST = 64

/** Yields joined records in columns, and those of the right side without a partner in arrays. */
type JoinedSource = (task: Task, each: (records: JoinedRecords | readonly unknown[]) => void) => void

/** Compiles a join whose records are arrays. */
export function compileJoin(plan: Join, compiler: PlanCompiler): Source {
  const joined = compileJoined(plan, compiler)
  return (task, each) => joined(task, (records) => each(records instanceof JoinedRecords ? records.toArray() : records))
}

/** Compiles a join for loops. */
export function compileJoined(plan: Join, compiler: PlanCompiler): JoinedSource {
  const met = compileMet(plan, compiler)
  return (task, each) => met(task, (part) => eachJoined(part, plan, each), each)
}

/** Compiles the look-ups of a join. Holds the right side by key and streams the left side. */
export function compileMet({ of: [left, right], keepRight }: Join, compiler: PlanCompiler): MetSource {
  const mine = compileColumns(left!, compiler)
  const theirs = compilePartners(right!, compiler)
  return (task, each, alone) => {
    const partners = theirs(task)
    const met = keepRight ? new Uint8Array(partners.index.keys.length) : undefined
    mine(task, (part) => {
      task.meter.status[PROGRESS]!++
      each({ part, rows: partners.meet(part.keys, met), partners })
    })
    if (met) eachAlone(partners, met, alone)
  }
}

/** Passes the joined records of a part of the left side. */
function eachJoined(
  { part, rows: met, partners }: Met,
  { keepMet, keepLeft }: Join,
  each: (records: JoinedRecords) => void,
): void {
  const { keys, values: mine } = part
  const { values: theirs, index } = partners
  const { next } = index
  // A copy: `each` may look up the keys of another join.
  const rows = met.slice(0, part.count)
  const room = Math.min(PIECE, Math.max(LEAST, rows.length))
  let lefts = new Int32Array(room)
  let rights = new Int32Array(room)
  let count = 0
  const pass = () => {
    if (count > 0)
      each(
        new JoinedRecords({ keys, mine, theirs, lefts: lefts.subarray(0, count), rights: rights.subarray(0, count) }),
      )
    // The records may still be in use.
    lefts = new Int32Array(room)
    rights = new Int32Array(room)
    count = 0
  }
  for (let left = 0; left < rows.length; left++) {
    let right = rows[left]!
    if (right === NONE ? !keepLeft : !keepMet) continue
    do {
      if (count === room) pass()
      lefts[count] = left
      rights[count++] = right
      right = right === NONE ? NONE : next[right]!
    } while (right !== NONE)
  }
  pass()
}

/** Passes the right side's records without a partner. */
function eachAlone(partners: Partners, met: Uint8Array, each: (records: readonly unknown[]) => void): void {
  let alone: unknown[] = []
  partners.eachUnmet(met, (key, theirs) => {
    alone.push([key, [undefined, theirs]])
    if (alone.length < PIECE) return
    each(alone)
    alone = []
  })
  if (alone.length > 0) each(alone)
}
