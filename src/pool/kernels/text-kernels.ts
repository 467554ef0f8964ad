import type { Names } from './byte-arguments.js'
import type { JsonField } from './byte-fields.js'
import type { ByteReduction, Merge } from './byte-reduction.js'
import type { Tokens } from './byte-steps.js'
import { copyBytes } from './copy-bytes.js'
import type { EachPart, RangeBounds } from './divide-lines.js'
import type { Exports } from './exports.js'
import { instantiate } from './instantiate.js'
import { taggedKey } from './keys.js'
import type { LineFilter } from './line-filters.js'
import { type EachPlaced, placePairs } from './placed-pairs.js'
import type { LineProgram } from './program-writer.js'
import type { ReadRows } from './row-builder.js'
import type { RowShapes } from './row-shapes.js'
import { type SortedTexts, sortBytes, type Texts } from './sort-bytes.js'
import { TakenTable } from './taken-table.js'

/** A region of the kernels' memory. */
export interface Region {
  readonly at: number
  readonly length: number
}

/** A larger table is emptied and recreated, because the memory of a WebAssembly instance never shrinks. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024

/** In place of a merge: assembly/pairs.ts. */
const LIST = 6
const MERGES = { sum: 0, max: 1, min: 2, least: 3, greatest: 4, lowest: 5 }
const KINDS = { numberOrNaN: 0, number: 1, length: 2, toNumber: 3 }
const WHERE = { startsWith: 0, endsWith: 1, equals: 2 }
const LINE = 0xffffffff
const NONE = 0xfffffffe
/** The offsets of a wanted field's names and of their bytes: assembly/json.ts. */
const NAMES = 24
const NAME_BYTES = 88

/**
 * Functions on the bytes of text, in WebAssembly: sixteen bytes at a time. Text is copied into the module's own memory
 * piece by piece; from the processor's cache, the copy costs a twentieth of the work.
 *
 * One instance per thread. Between `load` and the end of the work on its piece, no other piece may be loaded.
 */
export class TextKernels {
  readonly #wasm: Exports
  readonly #pieceBytes: number
  #bytes: Buffer

  /** Returns undefined if the module was not built or cannot run; functions then do the same work. */
  static create(): TextKernels | undefined {
    const wasm = instantiate()
    return wasm && new TextKernels(wasm)
  }

  private constructor(wasm: Exports) {
    this.#wasm = wasm
    this.#pieceBytes = wasm.pieceBytes()
    this.#bytes = Buffer.from(wasm.memory.buffer)
  }

  /** Returns whether a piece of text fits. Only a very long line does not. */
  fits(piece: Buffer): boolean {
    return piece.length <= this.#pieceBytes - 8
  }

  /** Copies a piece of text in. */
  load(piece: Buffer): Region {
    // Shared memory is copied word by word only if both addresses have the same offset within a word.
    const at = this.#wasm.inputAt() + (piece.byteOffset & 7)
    copyBytes(piece, this.#memory(), at)
    return { at, length: piece.length }
  }

  lines({ at, length }: Region): number {
    return this.#wasm.countLines(at, length)
  }

  /** Returns the lines that pass all filters, ends included. */
  select(region: Region, filters: readonly LineFilter[]): Region {
    const wasm = this.#wasm
    const areas = [wasm.selectedAt(), wasm.inputAt()]
    filters.forEach(({ kind, needle, not }, i) => {
      const needleAt = wasm.needleAt()
      this.#memory().set(needle, needleAt)
      const to = areas[i % 2]!
      const { at, length } = region
      const selected =
        kind === 'includes'
          ? wasm.selectIncluding(at, length, to, needleAt, needle.length, not)
          : wasm.selectAt(at, length, to, needleAt, needle.length, WHERE[kind], not)
      region = { at: to, length: selected }
    })
    return region
  }

  /**
   * Returns the lines for which a condition holds, ends included, up to the first line of which that is not certain. The
   * region stays in place.
   */
  pick(region: Region, program: LineProgram): { readonly picked: Region; readonly rest: Region | undefined } {
    const wasm = this.#wasm
    this.#load(program)
    const to = region.at < wasm.selectedAt() ? wasm.selectedAt() : wasm.inputAt()
    const stopped = wasm.pick(region.at, region.length, to)
    return { picked: { at: to, length: wasm.pickedBytes() }, rest: from(stopped, region) }
  }

  /** Returns the bytes of a region, valid until the next call. */
  bytes({ at, length }: Region): Buffer {
    return this.#memory().subarray(at, at + length)
  }

  /**
   * Adds the parts of lines that `tokens` reads to the table. Stops at a line that falls back to the function, and
   * returns the lines from that one on.
   */
  count(region: Region, tokens: Tokens): Region | undefined {
    const { at, length } = region
    if (tokens.kind === 'json') {
      this.#want(tokens.field)
      return from(this.#wasm.countJson(at, length, throwsWithout(tokens.field)), region)
    }
    if (tokens.kind === 'computed') {
      this.#load(tokens.program)
      return from(this.#wasm.countComputed(at, length), region)
    }
    if (tokens.kind === 'pieces') return from(this.#wasm.countPieces(at, length, tokens.trimmed), region)
    if (tokens.kind === 'words') this.#wasm.countWords(at, length)
    else if (tokens.kind === 'marked') this.#wasm.countMarked(at, length, tokens.mark)
    else if (tokens.kind === 'split') this.#wasm.countSplit(at, length, tokens.separator)
    else this.#wasm.countField(at, length, tokens.separator, tokens.index)
    return undefined
  }

  /** Merges the number of each line into its key's value. Stops like `count`. The text must be valid UTF-8. */
  reduce(region: Region, reduction: ByteReduction, merge: Merge): Region | undefined {
    return this.#add(region, reduction, MERGES[merge])
  }

  /**
   * Passes the key and the number of each line, if the key is ASCII, by the parts of a shuffle that hashes of keys select.
   * Stops like `count`. The text must be valid UTF-8.
   */
  place(region: Region, reduction: ByteReduction, each: EachPlaced): Region | undefined {
    for (let rest: Region | undefined = region; ; ) {
      this.#wasm.clearPairs()
      rest = this.#add(rest, reduction, LIST)
      const count = this.#wasm.listedPairs()
      if (!placePairs(this.#wasm, count, each)) this.#eachPair(count, each)
      // With pairs before it, the line may only not have fitted into the list.
      if (!rest || count === 0) return rest
    }
  }

  /** The bytes that `RowShapes` may write. */
  get shapesRoom(): number {
    return this.#wasm.shapesBytes()
  }

  /** Passes the values of lines of JSON, valid until it returns, as often as there is room for them. */
  readRows(region: Region, shapes: RowShapes, each: (read: ReadRows) => void): void {
    const wasm = this.#wasm
    shapes.write(this.#memory(), wasm.shapesAt())
    for (let rest: Region | undefined = region; rest; ) {
      const { at, length }: Region = rest
      rest = from(wasm.readRows(at, length, shapes.count), rest)
      const memory = this.#memory()
      const { buffer } = memory
      const values = wasm.pairsAt()
      each({
        codes: new Uint8Array(buffer, wasm.givenAt(), wasm.rowsRead()),
        ints: new Int32Array(buffer, values),
        numbers: new Float64Array(buffer, values),
        words: new Uint32Array(buffer, values),
        memory,
        text: shapes.haveTexts ? memory.toString('latin1', at, at + length) : '',
        at,
        length,
      })
    }
  }

  /** Divides the lines of a region by ranges, and returns their number. They must be ASCII without carriage returns. */
  divide({ at, length }: Region, bounds: RangeBounds, each: EachPart): number {
    return bounds.divide(this.#wasm, at, length, each)
  }

  /** Returns texts of one byte per unit in their order. Only for texts that `canSort` accepts. */
  sort(texts: Texts, ascending: boolean): SortedTexts {
    return sortBytes(this.#wasm, texts, ascending)
  }

  #eachPair(count: number, { one }: EachPlaced): void {
    const memory = this.#memory()
    const words = new Uint32Array(memory.buffer, this.#wasm.pairsAt(), count * 4)
    const numbers = new Float64Array(memory.buffer, this.#wasm.pairsAt(), count * 2)
    for (let i = 0; i < count; i++) one(memory, words[i * 4]!, words[i * 4 + 1]!, numbers[i * 2 + 1]!)
  }

  #add(region: Region, { of }: ByteReduction, how: number): Region | undefined {
    const { at, length } = region
    if (of.kind === 'json') {
      this.#want(of.value, of.key)
      return from(this.#wasm.addJson(at, length, how, of.key !== undefined && throwsWithout(of.key)), region)
    }
    if (of.kind === 'computed') {
      this.#load(of.program)
      return from(this.#wasm.addComputed(at, length, how), region)
    }
    const value = of.value === 'line' ? LINE : of.value
    const stopped = this.#wasm.addFields(at, length, of.separator, of.key ?? NONE, value, KINDS[of.as], how)
    return from(stopped, region)
  }

  /** Counts a key that a function returned; false if the table cannot hold it. */
  countKey(key: unknown): boolean {
    // The table has no -0, and later functions may distinguish it.
    const given = Object.is(key, -0) ? undefined : this.#give(key)
    if (given) this.#wasm.countGiven(given.length, given.tag)
    return given !== undefined
  }

  /** Merges a key and number that a function returned; false if the table cannot hold them. */
  reduceKey(key: unknown, value: unknown, merge: Merge): boolean {
    const given = typeof value === 'number' ? this.#give(key) : undefined
    if (given) this.#wasm.addGiven(given.length, given.tag, value as number, MERGES[merge])
    return given !== undefined
  }

  /** The total number of lines that the kernels have processed, of a kind that may fall back to the function. */
  get certainLines(): number {
    return this.#wasm.certainLines()
  }

  /** Whether the table should be emptied before more is counted. */
  get full(): boolean {
    return this.#wasm.tableBytes() > MAX_TABLE_BYTES
  }

  /** Passes the table, with counts or merged numbers, and then empties it. */
  take<T>(of: 'counts' | 'merged', read: (table: TakenTable) => T): T {
    const wasm = this.#wasm
    const size = wasm.tableSize()
    const valuesAt = size > 0 && of === 'merged' ? wasm.writeValues() : 0
    const at = size > 0 ? wasm.writeTable() : 0
    const memory = this.#memory()
    const lengths = new Uint32Array(memory.buffer, at, size)
    const values =
      of === 'merged'
        ? new Float64Array(memory.buffer, valuesAt, size)
        : new Uint32Array(memory.buffer, at + size * 4, size)
    const result = read(new TakenTable(memory, keysAfter(at + size * 8), lengths, values, wasm.taggedKeys() > 0))
    this.clear()
    return result
  }

  /** Drops all counts, such as those of a failed attempt. */
  clear(): void {
    // An empty table has space for the keys of the last one: clearing it again would shrink it.
    if (this.#wasm.tableSize() > 0) this.#wasm.clearTable()
  }

  #load(program: LineProgram): void {
    program.write(this.#memory(), this.#wasm.programAt())
    this.#want(...program.json)
  }

  #want(...fields: readonly (JsonField | undefined)[]): void {
    const memory = this.#memory()
    this.#wasm.want(fields.length)
    for (let i = 0; i < fields.length; i++) {
      const wanted = this.#wasm.wantedAt(i)
      const names: Names = fields[i]?.names ?? []
      memory.writeUInt32LE(names.length, wanted)
      let at = wanted + NAME_BYTES
      names.forEach((name, n) => {
        memory.writeUInt32LE(at, wanted + NAMES + n * 8)
        memory.writeUInt32LE(name.length, wanted + NAMES + n * 8 + 4)
        memory.set(name, at)
        at += name.length
      })
    }
  }

  #give(key: unknown): { readonly length: number; readonly tag: number } | undefined {
    const tagged = taggedKey(key)
    if (!tagged || Buffer.byteLength(tagged.text) > this.#pieceBytes) return undefined
    return { length: this.#memory().write(tagged.text, this.#wasm.givenAt()), tag: tagged.tag }
  }

  /** Growing the memory detaches the old view. */
  #memory(): Buffer {
    if (this.#bytes.length === 0) this.#bytes = Buffer.from(this.#wasm.memory.buffer)
    return this.#bytes
  }
}

/** Returns the part of a region from `at` on. */
function from(at: number, region: Region): Region | undefined {
  const end = region.at + region.length
  return at < end ? { at, length: end - at } : undefined
}

/** Whether a line without the field may be one at which the function throws: an object around it is missing. */
function throwsWithout({ names, strict }: JsonField): boolean {
  return strict && names.length > 1
}

/** Allocations begin at multiples of 64. */
function keysAfter(end: number): number {
  return Math.ceil(end / 64) * 64
}
