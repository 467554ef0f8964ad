const MIB = 1024 * 1024
/** V8 begins a collection after 64 MiB of new external memory, so smaller steps would be of no use. */
const LEAST_STEP = 32 * MIB
/** Data that is to stay may be large: each step is at least this part of it, so that collections stay rare. */
const STEP_PART = 1 / 8

/**
 * Makes V8's collector aware of blocks. A batch program does not say when it has finished with a dataset: a collection of
 * the driver's heap finds out. V8 does not count shared memory, so its small heap would not be collected for minutes, while
 * blocks of unreachable datasets fill the memory. So the driver holds empty ArrayBuffers of about the size of the blocks, which V8
 * counts. Nothing touches their memory, so the system never provides it.
 */
export class HeapPressure {
  #buffers: ArrayBuffer[] = []
  #bytes = 0
  #isOff = false

  /** Bytes that V8 counts. */
  get bytes(): number {
    return this.#bytes
  }

  /** Called with the bytes of blocks in use, whenever they may have changed much. */
  update(used: number): void {
    if (this.#isOff) return
    const step = Math.max(LEAST_STEP, this.#bytes * STEP_PART)
    if (used <= this.#bytes - step) this.#shrink(used)
    else if (used >= this.#bytes + step) this.#grow(Math.floor((used - this.#bytes) / MIB) * MIB)
  }

  #shrink(used: number): void {
    while (this.#bytes > used) this.#bytes -= this.#buffers.pop()!.byteLength
  }

  #grow(bytes: number): void {
    try {
      // Below 4 GiB, to be possible everywhere.
      for (let left = bytes; left > 0; left -= 1024 * MIB)
        this.#buffers.push(new ArrayBuffer(Math.min(left, 1024 * MIB)))
      this.#bytes += bytes
    } catch {
      // The address space is limited: memoryLimit alone bounds the blocks.
      this.#buffers = []
      this.#bytes = 0
      this.#isOff = true
    }
  }
}
