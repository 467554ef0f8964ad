import type { Plan, Sink } from '../../../ops/plan.js'
import { afterNewline, eachLines } from '../../blocks/text.js'
import { isBuiltin } from '../../kernels/byte-steps.js'
import type { LocalInput } from '../runtime/local-input.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { overInput, readText } from './text-input.js'

/** The records of a shorter text cost little, and exact ranks divide a few of them more evenly. */
const LEAST_BYTES = 64 * 1024

/**
 * Compiles the sampling of a text whose lines are sorted by themselves: decodes only the lines at evenly spaced offsets. Returns
 * undefined for other samples. `general` samples all other inputs.
 */
export function compileTextSample(
  plan: Plan,
  { fn }: Sink & { op: 'apply' },
  general: (task: Task) => unknown,
  { services }: PlanCompiler,
): ((task: Task) => unknown) | undefined {
  const over = overInput(plan)
  const { kernels } = services
  if (!over || over.steps.length > 0 || !kernels || !isBuiltin(fn, 'sampleKeys')) return undefined
  const [key, most] = (fn.k === 'builtin' && fn.args) || []
  if (!key || !most || !('fn' in key) || !('value' in most) || !isBuiltin(key.fn, 'identity')) return undefined
  return (task) => {
    const bytes = textBytes(task.inputs[over.input]!)
    if (bytes < LEAST_BYTES) return general(task)
    const keys: unknown[] = []
    const others: unknown[] = []
    const gap = bytes / (most.value as number)
    let lines = 0
    let before = 0
    let due = 0
    readText(task, over, services, kernels, {
      loop: undefined,
      records: (records) => {
        for (const record of records) others.push(record)
      },
      piece: (region, count) => {
        lines += count()
        const piece = kernels.bytes(region)
        for (let at = 0; due < before + piece.length; due = Math.max(due + gap, before + at)) {
          const from = due <= before ? 0 : afterNewline(piece, Math.ceil(due) - before - 1)
          if (from === piece.length) break
          at = afterNewline(piece, from)
          eachLines(piece.subarray(from, at), ([line]) => keys.push(line))
        }
        before += piece.length
      },
    })
    const weight = keys.length > 0 ? lines / keys.length : 1
    for (let i = 0; i < others.length; i += weight) keys.push(others[Math.floor(i)])
    return { keys, weight }
  }
}

/** Returns the bytes of an input's texts; 0 for inputs that are records. */
function textBytes(input: LocalInput): number {
  switch (input.in) {
    case 'blocks':
      return sum(input.slices, ({ block, start = 0, end = block.length }) => (block.codec === 'text' ? end - start : 0))
    case 'pieces':
    case 'files':
      return sum(input.ranges ?? [], ({ start, end }) => Math.max(0, end - start))
    default:
      return 0
  }
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
