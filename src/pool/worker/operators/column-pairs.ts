import type { PartitionerSpec, Plan } from '../../../ops/plan.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { compileColumns, compileInputColumns } from './merge.js'
import type { Emit } from './record-operations.js'

/** Yields pairs, and records in another form, which may be no pairs. */
type ColumnPairs = (task: Task, emit: Emit, add: (key: unknown, value: unknown) => void) => void

/** Compiles the map side of a shuffle of pairs that are in columns: no pair is built. Returns undefined for other plans. */
export function compileColumnPairs(
  plan: Plan,
  { kind }: PartitionerSpec,
  compiler: PlanCompiler,
): ColumnPairs | undefined {
  // An error of a user's partitioner names the record, which a loop knows.
  if (kind !== 'hash') return undefined
  if (plan.op === 'input') {
    const { input } = plan
    const loop = compiler.loop([])
    return (task, emit, add) =>
      compileInputColumns(input, compiler, (_, records) => loop(records, emit, task.meter))(task, (part) =>
        addColumns(task, part, add),
      )
  }
  const inColumns =
    plan.op === 'combine' ||
    (plan.op === 'merge' && plan.aggregator) ||
    (plan.op === 'state' && plan.emit === 'entries')
  if (!inColumns) return undefined
  const columns = compileColumns(plan, compiler)
  return (task, _, add) => columns(task, (part) => addColumns(task, part, add))
}

function addColumns({ meter: { status } }: Task, part: PairColumns, add: (key: unknown, value: unknown) => void): void {
  const keys = part.keys.all()
  const { values } = part
  for (let i = 0; i < keys.length; i++) {
    status[PROGRESS]!++
    add(keys[i], values[i])
  }
}
