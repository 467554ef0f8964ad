import type { Plan } from '../../../ops/plan.js'
import type { PairColumns } from '../../blocks/records-codec.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { NONE, Partners } from '../tables/partners.js'
import { JoinedRecords } from './joined-records.js'
import { compileColumns } from './merge.js'

/** Joined records per piece, so that a key with many values on both sides does not fill the memory. */
const PIECE = 8192
const LEAST = 64

type Join = Plan & { op: 'join' }
/** Yields joined records in columns, and those of the right side without a partner in arrays. */
type JoinedSource = (task: Task, each: (records: JoinedRecords | readonly unknown[]) => void) => void

/** Compiles a join whose records are arrays. */
export function compileJoin(plan: Join, compiler: PlanCompiler): Source {
  const joined = compileJoined(plan, compiler)
  return (task, each) => joined(task, (records) => each(records instanceof JoinedRecords ? records.toArray() : records))
}

/** Compiles a join for loops. Holds the right side by key and streams the left side. */
export function compileJoined({ of, keepLeft, keepRight }: Join, compiler: PlanCompiler): JoinedSource {
  const [left, right] = of.map((part) => compileColumns(part, compiler))
  return (task, each) => {
    const step = () => task.meter.status[PROGRESS]!++
    const parts: PairColumns[] = []
    right!(task, (part) => parts.push(part))
    const partners = new Partners(parts, step)
    left!(task, (part) => {
      step()
      eachJoined(part, partners, keepLeft, each)
    })
    if (keepRight) eachAlone(partners, each)
  }
}

/** Passes the joined records of a part of the left side. */
function eachJoined(
  { keys, values: mine }: PairColumns,
  partners: Partners,
  keepLeft: boolean,
  each: (records: JoinedRecords) => void,
): void {
  const theirs = partners.values
  const rows = partners.meet(keys)
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
    if (right === NONE && !keepLeft) continue
    do {
      if (count === room) pass()
      lefts[count] = left
      rights[count++] = right
      right = right === NONE ? NONE : partners.after(right)
    } while (right !== NONE)
  }
  pass()
}

/** Passes the right side's records without a partner. */
function eachAlone(partners: Partners, each: (records: readonly unknown[]) => void): void {
  let alone: unknown[] = []
  partners.eachUnmet((key, theirs) => {
    alone.push([key, [undefined, theirs]])
    if (alone.length < PIECE) return
    each(alone)
    alone = []
  })
  if (alone.length > 0) each(alone)
}
