import type { Look } from '../../ops/functions/check-text.js'
import type { AsyncStep, Plan, Program, Step } from '../../ops/plan.js'
import { KeyedMap } from '../../values/keys.js'
import { encodeRecords } from '../blocks/records-codec.js'
import { isBuiltin } from '../kernels/byte-steps.js'
import { PROGRESS } from '../vitals.js'
import { Ahead, type RunAhead } from './ahead.js'
import { compileFilteredLines, compileLineCount, compileTally } from './byte-chain.js'
import { type Combine, makeCombine } from './combine-table.js'
import { compileJoin } from './hash-join.js'
import { type Each, readInput } from './inputs.js'
import { compileLoop, composeLoop, type Emit, type Loop, type ReadyStep } from './loop.js'
import { settling } from './map-async.js'
import { compileCombine, compileMerge, compilePairs } from './merge.js'
import { outcomesOf } from './outcomes.js'
import { compileStamp } from './stamp.js'
import { compileState } from './state/compile.js'
import { compilePanes } from './state/event-panes.js'
import { compileSessionParts } from './state/event-session-parts.js'
import { readOnlyStates } from './state/read-only.js'
import { labelled, type Task, type ThreadServices } from './task.js'

/** Gives the records of a plan, piece by piece. */
export type Source = (task: Task, each: Each) => void
/** Gives the records of a plan one by one, through one fused loop. */
export type Runner = (task: Task, emit: Emit) => void

/** Turns plans into functions. A plan is compiled once a thread and program. */
export class PlanCompiler {
  readonly services: ThreadServices
  #recordOrder = false
  #ahead = new Ahead()
  #readOnly: ReadonlySet<Plan> = new Set()

  constructor(services: ThreadServices) {
    this.services = services
  }

  /** Whether no function of the user's sees the records of this state in the program that is being compiled. */
  isReadOnly(state: Plan): boolean {
    return this.#readOnly.has(state)
  }

  /** What `compile` makes, and what must have run, in a task, before it does: nothing unless a step awaits. */
  program<R>(program: Program, compile: () => R): { readonly made: R; readonly ahead: readonly RunAhead[] } {
    this.#ahead = new Ahead()
    this.#readOnly = readOnlyStates(program)
    const made = compile()
    return { made, ahead: this.#ahead.close() }
  }

  /**
   * Passes every record of the plan to `emit`; the last steps of the plan and `emit` share one loop. With `last` = `self`
   * the loop does not look into pairs that come out: for an `emit` that encodes them, merges them by key or counts them.
   */
  runner(plan: Plan, last: Look = 'self'): Runner {
    const { source, steps } = this.#split(plan)
    const loop = this.#loop(steps, last)
    return (task, emit) => source(task, (records) => loop(records, emit, task.meter))
  }

  source(plan: Plan): Source {
    switch (plan.op) {
      case 'input':
        return (task, each) => {
          task.sums[plan.slot] = readInput(task.inputs[plan.slot]!, this.services.segments, (records) => {
            task.read[plan.slot]! += records.length
            each(records)
          })
        }
      case 'chain': {
        const { source, steps } = this.#split(plan)
        if (steps.length === 0) return source
        const loop = this.#loop(steps)
        return (task, each) =>
          source(task, (records) => {
            const out: unknown[] = []
            loop(records, (value) => out.push(value), task.meter)
            each(out)
          })
      }
      case 'concat': {
        const sources = plan.of.map((part) => this.source(part))
        return (task, each) => {
          for (const source of sources) source(task, each)
        }
      }
      case 'merge':
        return compileMerge(plan, this)
      case 'combine':
        return compileCombine(plan, this)
      case 'cogroup':
        return this.#cogroup(plan.of)
      case 'join':
        return compileJoin(plan, this)
      case 'zip': {
        const sources = plan.of.map((part) => this.source(part))
        const fn = this.services.resolve(plan.fn)
        return (task, each) =>
          each(labelled(task, plan.label, () => fn(task.partition, ...sources.map((source) => toArray(source, task)))))
      }
      case 'at': {
        const placed = (task: Task): Task => {
          const input = task.inputs[plan.slot]!
          if (input.in !== 'range') throw new TypeError(`A partition's number is a range of one, not ${input.in}.`)
          return { ...task, partition: input.from }
        }
        const source = this.#ahead.within(placed, () => this.source(plan.of))
        return (task, each) => source(placed(task), each)
      }
      case 'stamp':
        return compileStamp(plan, this)
      case 'parts': {
        const { window } = plan
        return window.kind === 'fixed' ? compilePanes(plan, window, this) : compileSessionParts(plan, window.gap, this)
      }
      case 'keep': {
        const source = this.inRecordOrder(() => this.source(plan.of))
        const { scratch } = this.services
        return (task, each) => {
          const records = toArray(source, task)
          const input = task.inputs[plan.slot]!
          if (input.in === 'keep') {
            scratch.reset()
            encodeRecords(scratch, records)
            task.written.push({
              as: 'keep',
              key: input.key,
              block: this.services.seal('records', records.length, 'long'),
            })
          }
          each(records)
        }
      }
      case 'state':
        return compileState(plan, this)
    }
  }

  /**
   * What is written for other tasks has the order of the records, whichever call came back first: it may be lost after some of
   * them have read it, and must then be made again as it was.
   */
  inRecordOrder<R>(compile: () => R): R {
    const before = this.#recordOrder
    this.#recordOrder = true
    try {
      return compile()
    } finally {
      this.#recordOrder = before
    }
  }

  /** Combines raw values on the map side. */
  combiner({
    create,
    mergeValue,
  }: {
    create?: Parameters<ThreadServices['resolve']>[0]
    mergeValue: Parameters<ThreadServices['resolve']>[0]
  }): Combine {
    const { resolve, codegen } = this.services
    return makeCombine(create && resolve(create), resolve(mergeValue), codegen)
  }

  /** The steps after the last mapPartitions, and the source of what they loop over. */
  #split(plan: Plan): { source: Source; steps: ReadyStep[] } {
    if (plan.op !== 'chain') return { source: this.source(plan), steps: [] }
    const whole = plan.steps.findLastIndex(({ op }) => op === 'mapPartitions' || op === 'mapAsync')
    if (whole < 0) {
      const { source, steps } = compileFilteredLines(plan, this) ?? { source: this.source(plan.of), steps: plan.steps }
      return { source, steps: this.#ready(steps) }
    }
    const before: Plan = whole === 0 ? plan.of : { op: 'chain', of: plan.of, steps: plan.steps.slice(0, whole) }
    const step = plan.steps[whole]!
    const source = step.op === 'mapAsync' ? this.#awaiting(before, step) : this.#partitionwise(before, step)
    return { source, steps: this.#ready(plan.steps.slice(whole + 1)) }
  }

  #partitionwise(before: Plan, step: Step): Source {
    if (isBuiltin(step.fn, 'countPartition')) {
      const count = this.counter(before)
      return (task, each) => each([count(task)])
    }
    const source = this.source(before)
    const fn = this.services.resolve(step.fn)
    return (task, each) => {
      const records = toArray(source, task)
      labelled(task, step.label, () => each(fn(records, task.partition)))
    }
  }

  /** The step itself runs ahead of the program, which then finds its results as if they were input. */
  #awaiting(before: Plan, step: AsyncStep): Source {
    const source = this.source(before)
    const repeatable = this.#recordOrder ? { ...step, ordered: true } : step
    const number = this.#ahead.add(settling(repeatable, (task) => toArray(source, task), this.services))
    return (task, each) => each(task.settled[number]!)
  }

  /** How many records a plan has. */
  counter(plan: Plan): (task: Task) => number {
    const lines = compileLineCount(plan, this)
    if (lines) return lines
    const tally = compileTally(plan, this)
    const runner = tally ?? this.runner(plan)
    return (task) => {
      let n = 0
      runner(task, (_, times?: number) => (n += times ?? 1))
      return n
    }
  }

  /** Steps as one loop. */
  loop(steps: readonly Step[]): Loop {
    return this.#loop(this.#ready(steps))
  }

  #ready(steps: readonly Step[]): ReadyStep[] {
    const { resolve } = this.services
    return steps.map((step): ReadyStep => {
      const fn = resolve(step.fn)
      if (step.op === 'mapPartitions' || step.op === 'mapAsync')
        throw new TypeError(`A loop takes steps of records, not ${step.op}.`)
      if (!step.outcomes) return { ...step, fn }
      return { op: 'outcomes', label: step.label, fn: outcomesOf(step.op, fn, step.label, step.rejects!) }
    })
  }

  #loop(steps: readonly ReadyStep[], last?: Look): Loop {
    return this.services.codegen ? compileLoop(steps, last) : composeLoop(steps)
  }

  #cogroup(of: readonly Plan[]): Source {
    const sources = of.map((part) => compilePairs(part, this))
    return (task, each) => {
      const groups = new KeyedMap<unknown[][]>()
      sources.forEach((source, i) => {
        source(task, (keys, values) => {
          for (let k = 0; k < keys.length; k++) {
            let group = groups.get(keys[k])
            if (!group) {
              group = sources.map(() => [])
              groups.set(keys[k], group)
            }
            group[i]!.push(values[k])
          }
        })
      })
      each(groups.entries())
    }
  }
}

/** All records of a source in one array. A single piece is passed on as it is, so the array must not be changed. */
export function toArray(source: Source, task: Task): readonly unknown[] {
  const { vitals } = task.meter
  let all: unknown[] | undefined
  let own = false
  source(task, (records) => {
    if (!all && Array.isArray(records)) {
      all = records
      return
    }
    // A copy: the first piece may be an array that the user's function returned and still holds.
    if (!own) all = all?.slice() ?? []
    own = true
    for (const record of records) {
      // Making the next record may be slow: it may come out of a generator of the user's.
      vitals[PROGRESS]!++
      all!.push(record)
    }
  })
  return all ?? []
}
