import { afterNewline } from '../../blocks/text.js'
import type { LineFilter } from '../../kernels/line-filters.js'
import type { ConditionProgram } from '../../kernels/made.js'
import type { Region, TextKernels } from '../../kernels/text-kernels.js'

/** Pieces after which the share of lines for which a condition holds is measured again. */
const MEASURED_EVERY = 64

/** The first filters of a chain on text, and a condition of lines that later steps test again. */
export class FilteredLines {
  readonly #kernels: TextKernels
  readonly #filters: readonly LineFilter[]
  readonly #program: ConditionProgram | undefined
  readonly #most: number
  #pieces = 0
  #tests = true

  /** `most`: if the condition holds for a larger share of the text, the later steps alone test it. */
  constructor(
    kernels: TextKernels,
    filters: readonly LineFilter[],
    program: ConditionProgram | undefined,
    most: number,
  ) {
    this.#kernels = kernels
    this.#filters = filters
    this.#program = program
    this.#most = most
  }

  /**
   * Passes the lines that pass the filters, in order, without those for which the condition certainly does not hold. `tested`
   * returns whether `take` tests the condition of these lines.
   */
  each(piece: Region, take: (lines: Region) => void, tested?: (lines: Region) => boolean): void {
    const region = this.#kernels.select(piece, this.#filters)
    if (region.length === 0) return
    if (tested?.(region)) {
      take(region)
      return
    }
    const measures = this.#program !== undefined && this.#pieces++ % MEASURED_EVERY === 0
    if (!this.#program || !(measures || this.#tests)) {
      take(region)
      return
    }
    let taken = 0
    this.#picked(region, this.#program, (lines) => {
      taken += lines.length
      take(lines)
    })
    if (measures) this.#tests = taken <= region.length * this.#most
  }

  #picked(region: Region, program: ConditionProgram, take: (lines: Region) => void): void {
    for (let rest: Region | undefined = region; rest && rest.length > 0; ) {
      const found = this.#kernels.pick(rest, program)
      if (found.picked.length > 0) take(found.picked)
      rest = found.rest
      if (!rest) return
      // It is not certain whether the condition holds for the first line.
      const length = afterNewline(this.#kernels.bytes(rest), 0)
      take({ at: rest.at, length })
      rest = { at: rest.at + length, length: rest.length - length }
    }
  }
}
