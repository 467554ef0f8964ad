import { copyBytes } from './copy-bytes.js'
import type { Exports } from './exports.js'
import { instantiate } from './instantiate.js'

/**
 * Counts newlines in WebAssembly. Copying the bytes into its memory and counting takes 0.05 ns per byte from the processor's
 * cache, a fourth of a loop over words in JavaScript.
 */
export class NewlineCounter {
  readonly #wasm: Exports
  readonly #memory: Buffer
  readonly #most: number

  /** Returns undefined without WebAssembly. */
  static create(): NewlineCounter | undefined {
    const wasm = instantiate()
    return wasm && new NewlineCounter(wasm)
  }

  private constructor(wasm: Exports) {
    this.#wasm = wasm
    // Counting never grows the memory, so the view stays valid.
    this.#memory = Buffer.from(wasm.memory.buffer)
    this.#most = wasm.pieceBytes() - 8
  }

  count(bytes: Uint8Array): number {
    let lines = 0
    for (let from = 0; from < bytes.length; from += this.#most) {
      lines += this.#countPiece(bytes.subarray(from, from + this.#most))
    }
    return lines
  }

  #countPiece(piece: Uint8Array): number {
    // Shared memory is copied word by word only if both addresses have the same offset within a word.
    const at = this.#wasm.inputAt() + (piece.byteOffset & 7)
    copyBytes(piece, this.#memory, at)
    return this.#wasm.countNewlines(at, piece.length)
  }
}
