import { type Expression, RECORD } from '../../../ops/functions/meaning/expression.js'
import type { Plan, Step } from '../../../ops/plan.js'
import { decodeLines, eachLines } from '../../blocks/text.js'
import { byteSteps } from '../../kernels/byte-steps.js'
import { meaningOf } from '../../kernels/meaning-of.js'
import type { ReadRows } from '../../kernels/row-builder.js'
import { RowShapes } from '../../kernels/row-shapes.js'
import type { Region, TextKernels } from '../../kernels/text-kernels.js'
import type { Loop } from '../operators/loop.js'
import type { Meter } from '../operators/meter.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import { FilteredLines } from './filtered-lines.js'
import { overInput, readText } from './text-input.js'

/** In pieces of fewer lines, learning shapes takes longer than the function. */
const LEAST_LINES = 256
/** Lines whose shapes are learned at once. */
const LEARNED = 64
/** If a larger share of lines is not of a known shape, the shapes are learned again. */
const TOO_MANY = 0.25
const LONGEST_PAUSE = 4096
/** Reading the values of a line takes as long as testing a condition of it. */
const MOST_PICKED = 0.25

/**
 * Compiles a chain on text that parses its lines with `JSON.parse`, after filters. The kernels read the values of lines
 * whose shape is known, and the objects are built from them; the function itself parses other lines. Objects are not built
 * if the values show that the filters after the parser refuse them; those filters still run on all others. Returns
 * undefined for other plans.
 */
export function compileJsonRows(
  plan: Plan & { op: 'chain' },
  compiler: PlanCompiler,
): { readonly source: Source; readonly steps: readonly Step[] } | undefined {
  const over = overInput(plan)
  const { kernels, codegen } = compiler.services
  if (!over || !kernels || !codegen) return undefined
  const { steps } = over
  const { filters, filterSteps, program } = byteSteps(steps)
  const parsing = steps[filterSteps]
  if (!parsesJson(parsing) || sharesRejects(parsing, steps.slice(filterSteps + 1))) return undefined
  const loop = compiler.measuredLoop(steps.slice(0, filterSteps + 1))
  const rows = new JsonRows(kernels, {
    parse: compiler.loop([parsing]),
    rejects: parsing.rejects !== undefined,
    filters: filtersOf(steps.slice(filterSteps + 1)),
  })
  const filtered = (values: readonly unknown[], meter: Meter) => {
    const found: unknown[] = []
    compiler.loop(steps.slice(0, filterSteps))(values, (line) => found.push(line), meter)
    return found
  }
  const lines = new FilteredLines(kernels, filters, program, MOST_PICKED)
  const source: Source = (task, each) => {
    readText(task, over, compiler.services, kernels, {
      loop,
      records: (values) => parsed(loop, values, () => filtered(values, task.meter), each, task.meter),
      wellFormed: program?.wellFormed,
      piece: (region, linesIn) => {
        const count = linesIn()
        lines.each(
          region,
          (picked) => rows.read(picked, count, each, task.meter),
          (all) => rows.takesAll(all, count, task.meter),
        )
      },
    })
  }
  return { source, steps: steps.slice(filterSteps + 1) }
}

function parsesJson(step: Step | undefined): step is Step & { readonly op: 'map' } {
  if (step?.op !== 'map' || step.outcomes) return false
  const means = meaningOf(step.fn)
  return means?.is === 'json' && means.of.is === RECORD.is
}

/** Returns what the first filters of rows compute. */
function filtersOf(steps: readonly Step[]): Expression[] {
  const filters: Expression[] = []
  for (const step of steps) {
    const means = step.op === 'filter' && !step.outcomes ? meaningOf(step.fn) : undefined
    if (!means) break
    filters.push(means)
  }
  return filters
}

/** Dropped records of several steps in one input are in the order of the lines. */
function sharesRejects({ rejects }: Step & { readonly op: 'map' }, later: readonly Step[]): boolean {
  return rejects !== undefined && later.some((step) => 'rejects' in step && step.rejects === rejects)
}

type EachRows = (rows: readonly unknown[]) => void

interface JsonRowsOptions {
  readonly parse: Loop
  /** Whether `parse` drops lines that are not JSON. */
  readonly rejects: boolean
  readonly filters: readonly Expression[]
}

/** Reads lines of JSON with the shapes that it has learned from earlier ones. */
class JsonRows {
  readonly #kernels: TextKernels
  readonly #options: JsonRowsOptions
  #shapes: RowShapes | undefined
  /** The lines that the shapes were last learned from. */
  #sample: readonly string[] = []
  /** Pieces to wait before learning again. */
  #wait = 0
  #pause = 1

  constructor(kernels: TextKernels, options: JsonRowsOptions) {
    this.#kernels = kernels
    this.#options = options
  }

  /** Passes the objects of the lines of a region, in order. `lines`: as many are in the region, or in the piece around it. */
  read(region: Region, lines: number, each: EachRows, meter: Meter): void {
    this.#shapes ??= this.#learned(region, lines)
    const shapes = this.#shapes
    if (shapes) this.#kernels.readRows(region, shapes, (read) => this.#build(shapes, read, each, meter))
    else this.#parsed(this.#kernels.bytes(region), each, meter)
  }

  /** Returns whether no kernel needs to drop lines before: `read` omits the rows that filters refuse. */
  takesAll(region: Region, lines: number, meter: Meter): boolean {
    // The figures of sampled filters are those of all rows.
    if (meter.sample) return true
    if (this.#options.filters.length === 0) return false
    this.#shapes ??= this.#learned(region, lines)
    return this.#shapes?.buildKept !== undefined
  }

  #learned(region: Region, count: number): RowShapes | undefined {
    if (count < LEAST_LINES || this.#wait-- > 0) return undefined
    const lines = firstLines(this.#kernels.bytes(region))
    const shapes = RowShapes.of([...this.#sample, ...lines], this.#kernels.shapesRoom, this.#options.filters)
    this.#sample = lines
    if (!shapes) this.#later()
    return shapes
  }

  #later(): void {
    this.#shapes = undefined
    this.#wait = this.#pause
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2)
  }

  #build(shapes: RowShapes, read: ReadRows, each: EachRows, meter: Meter): void {
    const rows: unknown[] = []
    const numbers = new Uint32Array(read.codes.length)
    const { parse, rejects } = this.#options
    const pass = () => passOn(rows, (row) => lineAt(read, numbers[row]!), each, meter)
    let others = 0
    const other = (at: number, length: number): void => {
      others++
      const line = read.memory.toString('utf8', at, at + length)
      try {
        rows.push(JSON.parse(line))
      } catch {
        // If the function throws the error, the rows before the line come first.
        if (!rejects) pass()
        parse([line], () => {}, meter)
      }
    }
    const build = meter.sample ? shapes.build : (shapes.buildKept ?? shapes.build)
    build(read, rows, other, numbers)
    if (others > read.codes.length * TOO_MANY) this.#later()
    pass()
  }

  #parsed(bytes: Buffer, each: EachRows, meter: Meter): void {
    eachLines(bytes, (lines) => parsed(this.#options.parse, lines, () => lines, each, meter))
  }
}

/** Passes on what a function makes of lines. At a line that it throws for, the rows before come first, and their errors. */
function parsed(
  parse: Loop,
  values: readonly unknown[],
  lines: () => readonly unknown[],
  each: EachRows,
  meter: Meter,
): void {
  const rows: unknown[] = []
  const pass = () => passOn(rows, (row) => lines().filter(isJson)[row], each, meter)
  try {
    parse(values, (row) => rows.push(row), meter)
  } catch (error) {
    const { failedAt, failedOn } = meter
    meter.failedAt = undefined
    meter.failedOn = undefined
    pass()
    Object.assign(meter, { failedAt, failedOn })
    throw error
  }
  pass()
}

/** An error of a later step names the line of its row. */
function passOn(rows: readonly unknown[], line: (row: number) => unknown, each: EachRows, meter: Meter): void {
  try {
    each(rows)
  } catch (error) {
    const row = meter.failedOn ? rows.indexOf(meter.failedOn.record) : -1
    if (row >= 0) meter.failedOn = { record: line(row) }
    throw error
  }
}

function lineAt({ memory, at, length }: ReadRows, number: number): string {
  return decodeLines(memory.subarray(at, at + length))[number]!
}

function isJson(line: unknown): boolean {
  try {
    JSON.parse(line as string)
    return true
  } catch {
    return false
  }
}

function firstLines(bytes: Buffer): string[] {
  let found: string[] = []
  eachLines(bytes.subarray(0, 64 * 1024), (lines) => {
    found = lines
  })
  return found.slice(0, LEARNED)
}
