import type { PartitionerSpec, Plan } from '../../../ops/plan.js'
import { byteReduction } from '../../kernels/byte-reduction.js'
import type { EachPlaced } from '../../kernels/placed-pairs.js'
import { KernelFallback } from '../operators/kernel-fallback.js'
import { ofPairs } from '../operators/loop.js'
import type { PairParts } from '../operators/pair-parts.js'
import type { EmitPair } from '../operators/record-operations.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { overInput, readText } from './text-input.js'

/**
 * Compiles the map side of a shuffle of pairs that a chain makes of text: a text and a number from each line. Keys stay bytes
 * from the input to the block. `add` takes a pair from a function. Returns undefined for other plans.
 */
export function compileTextPairs(
  plan: Plan,
  { kind, partitions }: PartitionerSpec,
  pairs: PairParts,
  compiler: PlanCompiler,
): ((task: Task, add: EmitPair) => void) | undefined {
  const over = kind === 'hash' ? overInput(plan) : undefined
  const reduction = over && byteReduction(over.steps, 'pairs')
  if (!reduction) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const { filters, program } = reduction
  const whole = compiler.measuredLoop(over.steps)
  // The filters have passed these lines.
  const unfiltered = compiler.loop(over.steps.slice(filters.count))
  const placed: EachPlaced = {
    parts: partitions,
    all: (part, columns) => pairs.addTexts(part, columns),
    one: (memory, at, length, value) => pairs.addHashedText(memory, at, length, value),
  }
  return (task, addPair) => {
    const add = ofPairs(addPair)
    const records = (lines: Iterable<unknown>) => whole(lines, add, task.meter)
    const handed = new KernelFallback(kernels, (line) => unfiltered([line], add, task.meter), records)
    readText(task, over, compiler.services, kernels, {
      loop: whole,
      records,
      onBytes: () => !handed.tooMany,
      wellFormed: true,
      piece: (region) =>
        handed.conditional(kernels.select(region, filters.filters), program, (lines) =>
          kernels.place(lines, reduction, placed),
        ),
    })
  }
}
