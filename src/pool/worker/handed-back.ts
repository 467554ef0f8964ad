import { eachLines } from '../blocks/text.js'
import type { Region, TextKernels } from '../kernels/text-kernels.js'

const NEWLINE = 10
/** After so many lines of a task it shows whether the kernels are worth while. */
const TRIED = 64
/** The kernels look at a line in a fraction of the time that the function takes: in vain for one line in four is dear. */
const TOO_MANY = 0.25

/** The lines of one task that kernels stop at, which are the function's: done one by one, unless there are too many. */
export class HandedBack {
  readonly #kernels: TextKernels
  readonly #one: (line: string) => void
  readonly #all: (lines: readonly string[]) => void
  readonly #before: number
  #lines = 0
  #tooMany = false

  /** `one` puts what the function makes of a line where the kernels put theirs; `all` does without kernels. */
  constructor(kernels: TextKernels, one: (line: string) => void, all: (lines: readonly string[]) => void) {
    this.#kernels = kernels
    this.#one = one
    this.#all = all
    this.#before = kernels.certainLines
  }

  /** Whether the rest of the task is better done without kernels. */
  get tooMany(): boolean {
    return this.#tooMany
  }

  /** Runs `count` over a region, and the function over each line that it stops at. `open`: whether kernels may go on. */
  run(region: Region, count: (region: Region) => Region | undefined, open: () => boolean = () => true): void {
    let rest = count(region)
    while (rest) {
      if (this.#tooMany || !open()) {
        // A copy: the table that is taken now may need more memory, which takes these bytes away.
        eachLines(Buffer.from(this.#kernels.bytes(rest)), this.#all)
        return
      }
      rest = this.#first(rest)
      if (rest && !this.#tooMany && open()) rest = count(rest)
    }
  }

  /** The function on the first line of a region; answers with the others. */
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
