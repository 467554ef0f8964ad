import type { Exports } from './exports.js'
import type { SortedTexts } from './sort-bytes.js'

/** Spare bytes after each part: assembly/ranges.ts. */
const GAP = 16
/** In place of a unit that is no ASCII: above all units of lines. */
const ABOVE_ASCII = 0xff

/** Takes the lines of a part: valid until it returns. */
export type EachPart = (part: number, lines: SortedTexts) => void

/** The upper limits of ranges, in the order of the sort. */
export class RangeBounds {
  readonly #bytes: Uint8Array
  readonly #starts: Uint32Array
  readonly #ascending: boolean

  constructor(bounds: readonly string[], ascending: boolean) {
    this.#bytes = Uint8Array.from(
      bounds.flatMap((bound) => Array.from({ length: bound.length }, (_, i) => asByte(bound.charCodeAt(i)))),
    )
    this.#starts = new Uint32Array(bounds.length + 1)
    bounds.forEach((bound, i) => {
      this.#starts[i + 1] = this.#starts[i]! + bound.length
    })
    this.#ascending = ascending
  }

  /** Divides the lines of a text in the kernels' memory, and returns their number. They are ASCII without carriage returns. */
  divide(wasm: Exports, at: number, length: number, each: EachPart): number {
    const bounds = this.#starts.length - 1
    const startsAt = wasm.beginRanges(this.#bytes.length, bounds)
    new Uint32Array(wasm.memory.buffer, startsAt, bounds + 1).set(this.#starts)
    new Uint8Array(wasm.memory.buffer).set(this.#bytes, wasm.boundBytes())
    const lines = wasm.divideLines(at, length, this.#ascending)
    const { buffer } = wasm.memory
    const ends = new Uint32Array(buffer, wasm.partEnds(), (bounds + 1) * 2)
    const lengths = new Uint32Array(buffer, wasm.partLengths(), lines)
    let line = 0
    let byte = wasm.partTexts()
    for (let part = 0; part <= bounds; part++) {
      const end = wasm.partTexts() + ends[part * 2 + 1]!
      const last = ends[part * 2]!
      if (last > line)
        each(part, { texts: new Uint8Array(buffer, byte, end - byte), lengths: lengths.subarray(line, last) })
      line = last
      byte = end + GAP
    }
    wasm.endRanges()
    return lines
  }
}

function asByte(unit: number): number {
  return unit < 0x80 ? unit : ABOVE_ASCII
}
