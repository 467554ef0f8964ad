import { existsSync, readFileSync } from 'node:fs'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { LineFilter, Tokens } from './byte-steps.js'
import { cutKeys } from './keys.js'

/** What the WebAssembly module offers; assembly/index.ts says what each does. */
interface Exports {
  readonly memory: WebAssembly.Memory
  begin(): void
  inputAt(): number
  selectedAt(): number
  needleAt(): number
  pieceBytes(): number
  countLines(from: number, length: number): number
  selectIncluding(from: number, length: number, to: number, needle: number, needleLength: number): number
  selectBeginning(from: number, length: number, to: number, needle: number, needleLength: number): number
  countSplit(from: number, length: number, separator: number): void
  countWords(from: number, length: number): void
  countMarked(from: number, length: number, mark: number): void
  countField(from: number, length: number, separator: number, index: number): number
  clearTable(): void
  tableBytes(): number
  tableSize(): number
  writeTable(): number
}

/** A place in the kernels' memory. */
export interface Region {
  readonly at: number
  readonly length: number
}

/** A table larger than this is written out and begun anew: the memory of a WebAssembly instance never shrinks. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024

/**
 * Functions on the bytes of text, in WebAssembly: sixteen bytes at a time. The module has memory of its own, into which
 * text comes a piece at a time; from the processor's cache that costs a twentieth of the work.
 *
 * One instance a thread. Between `load` and the end of the work on that piece no other piece may be loaded.
 */
export class TextKernels {
  readonly #wasm: Exports
  readonly #pieceBytes: number
  #bytes: Buffer
  #missing = 0

  /** Undefined where the module was not built along: functions do the same work. */
  static create(): TextKernels | undefined {
    const file = new URL('pool/kernels/kernels.wasm', PACKAGE_ROOT)
    if (!existsSync(file)) return undefined
    const module = new WebAssembly.Module(readFileSync(file))
    return new TextKernels(new WebAssembly.Instance(module, { env: { abort } }).exports as unknown as Exports)
  }

  private constructor(wasm: Exports) {
    this.#wasm = wasm
    wasm.begin()
    this.#pieceBytes = wasm.pieceBytes()
    this.#bytes = Buffer.from(wasm.memory.buffer)
  }

  /** Whether a piece of text has room; only a very long line has none. */
  fits(piece: Buffer): boolean {
    return piece.length <= this.#pieceBytes - 8
  }

  /** Copies a piece of text in. */
  load(piece: Buffer): Region {
    // Shared memory is copied word by word only where both places have the same distance to a word's begin.
    const at = this.#wasm.inputAt() + (piece.byteOffset & 7)
    this.#memory().set(piece, at)
    return { at, length: piece.length }
  }

  lines({ at, length }: Region): number {
    return this.#wasm.countLines(at, length)
  }

  /** The lines that pass all filters, ends included. */
  select(region: Region, filters: readonly LineFilter[]): Region {
    const wasm = this.#wasm
    const areas = [wasm.selectedAt(), wasm.inputAt()]
    filters.forEach(({ kind, needle }, i) => {
      this.#memory().set(needle, wasm.needleAt())
      const to = areas[i % 2]!
      const run = kind === 'includes' ? wasm.selectIncluding : wasm.selectBeginning
      region = { at: to, length: run(region.at, region.length, to, wasm.needleAt(), needle.length) }
    })
    return region
  }

  /** The bytes of a region, valid until the next call. */
  bytes({ at, length }: Region): Buffer {
    return this.#memory().subarray(at, at + length)
  }

  /** Adds what `tokens` takes out of the lines to the table. */
  count({ at, length }: Region, tokens: Tokens): void {
    if (tokens.kind === 'words') this.#wasm.countWords(at, length)
    else if (tokens.kind === 'marked') this.#wasm.countMarked(at, length, tokens.mark)
    else if (tokens.kind === 'split') this.#wasm.countSplit(at, length, tokens.separator)
    else this.#missing += this.#wasm.countField(at, length, tokens.separator, tokens.index)
  }

  /** Whether the table should be taken before more is counted. */
  get full(): boolean {
    return this.#wasm.tableBytes() > MAX_TABLE_BYTES
  }

  /** The table's keys, by their first occurrence, and counts; the table is empty afterwards. Undefined: a field was not there. */
  take(): { readonly keys: readonly (string | undefined)[]; readonly counts: readonly number[] } {
    const wasm = this.#wasm
    const size = wasm.tableSize()
    const at = size > 0 ? wasm.writeTable() : 0
    const memory = this.#memory()
    const lengths = new Uint32Array(memory.buffer, at, size)
    const counts: number[] = Array.from(new Uint32Array(memory.buffer, at + size * 4, size))
    const keys: (string | undefined)[] = cutKeys(memory, keysAfter(at + size * 8), lengths)
    if (this.#missing > 0) {
      keys.push(undefined)
      counts.push(this.#missing)
    }
    this.clear()
    return { keys, counts }
  }

  /** Forgets what was counted: an attempt that failed may have left something. */
  clear(): void {
    // An empty table is as large as the last one was full: clearing it once more would make it small again.
    if (this.#missing === 0 && this.#wasm.tableSize() === 0) return
    this.#missing = 0
    this.#wasm.clearTable()
  }

  /** Growing takes the old view's memory away. */
  #memory(): Buffer {
    if (this.#bytes.length === 0) this.#bytes = Buffer.from(this.#wasm.memory.buffer)
    return this.#bytes
  }
}

/** Allocations begin at multiples of 64. */
function keysAfter(end: number): number {
  return Math.ceil(end / 64) * 64
}

function abort(): never {
  throw new Error('A text kernel came to a place that cannot be reached.')
}
