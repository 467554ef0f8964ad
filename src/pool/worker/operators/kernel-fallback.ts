import { eachLines } from '../../blocks/text.js'
import type { ConditionProgram } from '../../kernels/made.js'
import type { Region, TextKernels } from '../../kernels/text-kernels.js'

const NEWLINE = 10
/** Lines of a task after which it is clear whether the kernels are worthwhile. */
const TRIED = 64
/**
 * Fraction of lines that may fall back. Kernels take a fraction of the function's time; if one line in four falls back,
 * that advantage is used up.
 */
const TOO_MANY = 0.25

/**
 * Runs the function on the lines of a task at which kernels stop: one by one, or all remaining lines if there are too
 * many.
 */
export class KernelFallback {
  readonly #kernels: TextKernels
  readonly #one: (line: string) => void
  readonly #all: (lines: readonly string[]) => void
  readonly #before: number
  #lines = 0
  #tooMany = false

  /**
   * `one` stores the function's results for a line among those of the kernels; `all` processes lines without kernels.
   */
  constructor(kernels: TextKernels, one: (line: string) => void, all: (lines: readonly string[]) => void) {
    this.#kernels = kernels
    this.#one = one
    this.#all = all
    this.#before = kernels.certainLines
  }

  /** Whether the rest of the task is faster without kernels. */
  get tooMany(): boolean {
    return this.#tooMany
  }

  /**
   * Runs `count` over a region, and the function over each line that it stops at. `open`: whether kernels may continue.
   */
  run(region: Region, count: (region: Region) => Region | undefined, open: () => boolean = () => true): void {
    let rest = count(region)
    while (rest) {
      if (this.#tooMany || !open()) {
        // A copy: emptying the table may grow the memory, which detaches these bytes.
        eachLines(Buffer.from(this.#kernels.bytes(rest)), this.#all)
        return
      }
      rest = this.#first(rest)
      if (rest && !this.#tooMany && open()) rest = count(rest)
    }
  }

  /**
   * Runs `count` over the lines for which a condition holds, and the function over each line of which that is not
   * certain. All lines before one are done before it, so errors come in the order of the lines.
   */
  conditional(
    region: Region,
    program: ConditionProgram | undefined,
    count: (region: Region) => Region | undefined,
    open: () => boolean = () => true,
  ): void {
    let rest: Region | undefined = program ? region : undefined
    if (!program) this.run(region, count, open)
    while (program && rest) {
      if (this.#tooMany || !open()) {
        eachLines(Buffer.from(this.#kernels.bytes(rest)), this.#all)
        return
      }
      const found = this.#kernels.pick(rest, program)
      if (found.picked.length > 0) this.run(found.picked, count, open)
      rest = found.rest && !this.#tooMany && open() ? this.#first(found.rest) : found.rest
    }
  }

  /** Runs the function on the first line of a region, and returns the rest. */
  #first(region: Region): Region | undefined {
    const bytes = this.#kernels.bytes(region)
    const newline = bytes.indexOf(NEWLINE)
    const length = newline < 0 ? bytes.length : newline + 1
    let line = ''
    eachLines(bytes.subarray(0, length), ([text]) => {
      line = text!
    })
    this.#lines++
    // The kernels count modulo 2^32.
    const tried = this.#lines + ((this.#kernels.certainLines - this.#before) >>> 0)
    this.#tooMany = tried >= TRIED && this.#lines > tried * TOO_MANY
    this.#one(line)
    return length < region.length ? { at: region.at + length, length: region.length - length } : undefined
  }
}
