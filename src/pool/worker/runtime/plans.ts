import type { Look } from '../../../ops/functions/check-text.js'
import { textIntrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import type { AnyFunction } from '../../../ops/functions/ref.js'
import type { Aggregator, AsyncStep, Plan, Program, RecordOp, Step } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import { isBuiltin } from '../../kernels/byte-steps.js'
import { ignoresKey } from '../../kernels/meaning-of.js'
import { type AsyncStepRun, AsyncSteps } from '../operators/async-steps.js'
import { ColumnRecords } from '../operators/column-records.js'
import { compileJoin, compileJoined, compileMet } from '../operators/hash-join.js'
import {
  compileLoop,
  compilePairLoop,
  composeLoop,
  type Loop,
  ofPairs,
  pairing,
  type ReadyStep,
} from '../operators/loop.js'
import { compileAsyncStep } from '../operators/map-async.js'
import { compileColumns, compileCombine, compileMerge, compilePairs } from '../operators/merge.js'
import type { Join, MetSource } from '../operators/met.js'
import { PairRecords } from '../operators/pair-records.js'
import type { LoopOp } from '../operators/record-operations.js'
import { outcomesOf } from '../operators/rejecting.js'
import { withSample } from '../operators/sampled-loop.js'
import { compileState, compileStateColumns } from '../state/compile.js'
import { compilePanes } from '../state/event-panes.js'
import { compileSessionParts } from '../state/event-session-parts.js'
import { readOnlyStates } from '../state/read-only.js'
import { type Combine, makeCombine } from '../tables/combine-table.js'
import { compileFilteredLines, compileLineCount, compileTally } from '../text/byte-chain.js'
import { compileJsonRows } from '../text/json-rows.js'
import { compileSortedTexts } from '../text/sorted-texts.js'
import { decoded, hasLength } from '../text/text-records.js'
import { readInput } from './inputs.js'
import { compileKeep } from './keep.js'
import type { PairRunner, PlanCompiler, Runner, Source } from './plan-compiler.js'
import { compileStamp } from './stamp.js'
import { labelled, type Task, type ThreadServices } from './task.js'
import { toArray } from './to-array.js'

/** Compiles plans into functions, once per thread and program. */
export class ThreadPlanCompiler implements PlanCompiler {
  readonly services: ThreadServices
  #recordOrder = false
  #asyncSteps = new AsyncSteps()
  #readOnly: ReadonlySet<Plan> = new Set()

  constructor(services: ThreadServices) {
    this.services = services
  }

  isReadOnly(state: Plan): boolean {
    return this.#readOnly.has(state)
  }

  program<R>(program: Program, compile: () => R): { readonly made: R; readonly asyncSteps: readonly AsyncStepRun[] } {
    this.#asyncSteps = new AsyncSteps()
    this.#readOnly = readOnlyStates(program)
    const made = compile()
    return { made, asyncSteps: this.#asyncSteps.close() }
  }

  runner(plan: Plan, last: Look = 'self'): Runner {
    const { source, steps } = this.#split(plan)
    const loop = this.#loop(steps, last)
    return (task, emit) => source(task, (records) => loop(decoded(records), emit, task.meter))
  }

  pairRunner(plan: Plan): PairRunner {
    const { source, steps } = this.#split(plan)
    const pairs = this.services.codegen ? compilePairLoop(steps) : pairing(composeLoop(steps))
    const loop = withSample(steps, pairs, ofPairs)
    return (task, emit, columns) =>
      source(task, (records) => {
        if (columns && steps.length === 0 && records instanceof PairRecords) columns(records.columns)
        else loop(decoded(records), emit, task.meter)
      })
  }

  source(plan: Plan): Source {
    switch (plan.op) {
      case 'input':
        return this.#input(plan.input)
      case 'chain':
        return this.#chain(plan)
      case 'concat':
        return this.#concat(plan.of.map((part) => this.source(part)))
      case 'merge':
        return compileMerge(plan, this)
      case 'combine':
        return compileCombine(plan, this)
      case 'cogroup':
        return this.#cogroup(plan.of)
      case 'join':
        return compileJoin(plan, this)
      case 'zip':
        return this.#zip(plan)
      case 'at':
        return this.#at(plan)
      case 'stamp':
        return compileStamp(plan, this)
      case 'parts': {
        const { window } = plan
        return window.kind === 'fixed' ? compilePanes(plan, window, this) : compileSessionParts(plan, window.gap, this)
      }
      case 'keep':
        return compileKeep(plan, this)
      case 'state':
        return compileState(plan, this)
    }
  }

  inRecordOrder<R>(compile: () => R): R {
    const before = this.#recordOrder
    this.#recordOrder = true
    try {
      return compile()
    } finally {
      this.#recordOrder = before
    }
  }

  combiner({ create, mergeValue }: Pick<Aggregator, 'create' | 'mergeValue'>): Combine {
    const { resolve, codegen } = this.services
    return makeCombine(create && resolve(create), resolve(mergeValue), codegen)
  }

  #input(input: number): Source {
    return (task, each) => {
      task.sums[input] = readInput(task.inputs[input]!, this.services.segments, (records) => {
        task.read[input]! += records.length
        each(records)
      })
    }
  }

  /** Passes pairs in columns as PairRecords. */
  #inputForLoop({ op, input }: Plan & { op: 'input' | 'merge' }): Source {
    const counts = op === 'input'
    return (task, each) => {
      const omitsKeys = textIntrinsicsIntact()
      const pass = (records: readonly unknown[] | PairRecords) => {
        if (counts) task.read[input]! += records.length
        each(records)
      }
      const sum = readInput(task.inputs[input]!, this.services.segments, pass, undefined, (part) =>
        pass(new PairRecords(part, omitsKeys)),
      )
      if (counts) task.sums[input] = sum
    }
  }

  /** Passes pairs that are combined by key as PairRecords. */
  #combinedForLoop(plan: Plan): Source {
    const columns = compileColumns(plan, this)
    return (task, each) => {
      const omitsKeys = textIntrinsicsIntact()
      columns(task, (part) => each(new PairRecords(part, omitsKeys)))
    }
  }

  #chain(plan: Plan & { op: 'chain' }): Source {
    const { source, steps } = this.#split(plan)
    if (steps.length === 0) return source
    const loop = this.#loop(steps)
    return (task, each) =>
      source(task, (records) => {
        const out: unknown[] = []
        loop(decoded(records), (value) => out.push(value), task.meter)
        each(out)
      })
  }

  #concat(sources: readonly Source[]): Source {
    return (task, each) => {
      for (const source of sources) source(task, each)
    }
  }

  #zip({ of, fn: ref, label }: Plan & { op: 'zip' }): Source {
    const sources = of.map((part) => this.source(part))
    const fn = this.services.resolve(ref)
    return (task, each) =>
      each(labelled(task, label, () => fn(task.partition, ...sources.map((source) => toArray(source, task)))))
  }

  /** Compiles a plan that runs as the partition whose number is in an input. */
  #at({ of, input: number }: Plan & { op: 'at' }): Source {
    const placed = (task: Task): Task => {
      const input = task.inputs[number]!
      if (input.in !== 'range') throw new TypeError(`A partition's number is a range of one, not ${input.in}.`)
      return { ...task, partition: input.from }
    }
    const source = this.#asyncSteps.within(placed, () => this.source(of))
    return (task, each) => source(placed(task), each)
  }

  /** Returns the steps after the last mapPartitions, and the source of their records. */
  #split(plan: Plan): { source: Source; steps: ReadyStep[] } {
    if (plan.op !== 'chain') return { source: this.forLoop(plan), steps: [] }
    const whole = plan.steps.findLastIndex(({ op }) => op === 'mapPartitions' || op === 'mapAsync')
    if (whole < 0) {
      const { source, steps } = compileJsonRows(plan, this) ??
        compileFilteredLines(plan, this) ?? { source: this.forLoop(plan.of), steps: plan.steps }
      return { source, steps: this.#ready(steps) }
    }
    const before: Plan = whole === 0 ? plan.of : { op: 'chain', of: plan.of, steps: plan.steps.slice(0, whole) }
    const step = plan.steps[whole]!
    const source = step.op === 'mapAsync' ? this.#awaiting(before, step) : this.#partitionwise(before, step)
    return { source, steps: this.#ready(plan.steps.slice(whole + 1)) }
  }

  forLoop(plan: Plan): Source {
    switch (plan.op) {
      case 'join':
        return compileJoined(plan, this)
      case 'state':
        return compileStateColumns(plan, this)
      case 'input':
        return this.#inputForLoop(plan)
      case 'merge':
        return plan.aggregator ? this.#combinedForLoop(plan) : this.#inputForLoop(plan)
      case 'combine':
        return this.#combinedForLoop(plan)
      case 'concat':
        return this.#concat(plan.of.map((part) => this.forLoop(part)))
      default:
        return this.source(plan)
    }
  }

  met(plan: Join): MetSource {
    return compileMet(plan, this)
  }

  #partitionwise(before: Plan, step: Step): Source {
    if (isBuiltin(step.fn, 'countPartition')) {
      const count = this.counter(before)
      return (task, each) => {
        const n = count(task)
        task.meter.sample?.add({ label: step.label, recordsIn: n, recordsOut: 1, ms: 0 })
        each([n])
      }
    }
    const source = this.source(before)
    const fn = this.services.resolve(step.fn)
    const general: Source = (task, each) => {
      const records = toArray(source, task)
      const run = () => fn(records, task.partition) as Iterable<unknown>
      const { sample } = task.meter
      labelled(task, step.label, () => each(sample ? sample.partition(step.label, records.length, run) : run()))
    }
    return compileSortedTexts(before, step, general, this) ?? general
  }

  /** Runs the step before the program, which reads its results like an input. */
  #awaiting(before: Plan, step: AsyncStep): Source {
    const source = this.source(before)
    const repeatable = this.#recordOrder ? { ...step, ordered: true } : step
    const number = this.#asyncSteps.add(compileAsyncStep(repeatable, (task) => toArray(source, task), this.services))
    return (task, each) => each(task.asyncResults[number]!)
  }

  counter(plan: Plan): (task: Task) => number {
    const lines = compileLineCount(plan, this)
    if (lines) return lines
    const tally = compileTally(plan, this)
    if (tally) {
      return (task) => {
        let n = 0
        tally(task, (_, times) => (n += times))
        return n
      }
    }
    const { source, steps } = this.#split(plan)
    const loop = this.#loop(steps, 'self')
    return (task) => {
      let n = 0
      source(task, (records) => {
        if (steps.length === 0 && (hasLength(records) || records instanceof ColumnRecords)) n += records.length
        else loop(decoded(records), () => n++, task.meter)
      })
      return n
    }
  }

  loop(steps: readonly Step[]): Loop {
    return this.#unmeasured(this.#ready(steps))
  }

  measuredLoop(steps: readonly Step[]): Loop {
    return this.#loop(this.#ready(steps))
  }

  #ready(steps: readonly Step[]): ReadyStep[] {
    return steps.map((step): ReadyStep => {
      if (step.op === 'mapPartitions' || step.op === 'mapAsync')
        throw new TypeError(`A loop takes steps of records, not ${step.op}.`)
      const { op, fn } = this.#called(step)
      if (!step.outcomes) return { ...step, op, fn, ignoresKey: ignoresKey(step) }
      return { op: 'outcomes', label: step.label, fn: outcomesOf({ ...step, op, fn, rejects: step.rejects! }) }
    })
  }

  /** Returns the function that a step's loop calls: of the library's keyBy, the user's function inside. */
  #called({ op, fn }: Step & { op: RecordOp }): { op: LoopOp; fn: AnyFunction } {
    const { resolve } = this.services
    const [key] = op === 'map' && fn.k === 'builtin' && fn.name === 'keyBy' ? (fn.args ?? []) : []
    return key && 'fn' in key ? { op: 'keyBy', fn: resolve(key.fn) } : { op, fn: resolve(fn) }
  }

  #loop(steps: readonly ReadyStep[], last?: Look): Loop {
    return withSample(steps, this.#unmeasured(steps, last), (emit) => emit)
  }

  #unmeasured(steps: readonly ReadyStep[], last?: Look): Loop {
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
