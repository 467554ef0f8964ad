import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ByteWriter } from '../../blocks/byte-writer.js'
import { encodeError } from '../../error-wire.js'
import type { SpilledState, StateFault } from '../../protocol.js'
import { type PartsFile, readParts, writeParts } from './parts-file.js'
import type { StateTable } from './table.js'

/** After a file could not be written, so many tasks write none: a full disk does not cost each task a try. */
const PAUSE = 16

/** A partition of state. */
interface Held {
  readonly entries: StateTable
}

/** A partition that is or was in files. */
interface Stored {
  readonly number: number
  keys: (PartsFile & { readonly changes: number }) | undefined
  values: PartsFile | undefined
  /** Set while only the files hold the partition. */
  bytes: number | undefined
}

export interface StateSpillOptions {
  /** Bytes of state that this thread may hold in memory. */
  readonly share: number
  /** The thread's own folder, which the first file creates. The driver removes it when the thread is gone. */
  readonly folder: string
}

/**
 * Holds state up to a share of memory, and the rest in files: whole partitions, which a task that needs one reads, and of
 * which what has changed is written back. Every batch needs every partition in the same order, so the one that was used
 * last makes room: the others stay in memory from batch to batch. A partition in use stays, however large it is.
 *
 * Files are a cache. If one cannot be read, the thread no longer holds the partition, and the driver sends a recipe.
 */
export class StateSpill {
  readonly #options: StateSpillOptions
  /** In memory: bytes, in the order of the last use. */
  readonly #resident = new Map<Held, number>()
  readonly #stored = new Map<Held, Stored>()
  /** Of the running task. */
  readonly #used = new Set<Held>()
  readonly #writer = new ByteWriter()
  #faults: StateFault[] = []
  #sizes: SpilledState = { memory: 0, files: 0 }
  #files = 0
  #pause = 0

  constructor(options: StateSpillOptions) {
    this.#options = options
  }

  /** Brings a partition into memory for the running task. Returns false if its files cannot be read. */
  use(state: Held): boolean {
    const stored = this.#stored.get(state)
    this.#used.add(state)
    if (stored?.bytes !== undefined) {
      this.#makeRoom(stored.bytes)
      try {
        state.entries.restoreParts(readParts(stored.keys!), readParts(stored.values!))
      } catch (error) {
        this.#faults.push({ operation: 'read', bytes: stored.bytes, error: encodeError(error) })
        this.forget(state)
        return false
      }
    }
    this.#resident.delete(state)
    this.#resident.set(state, stored?.bytes ?? 0)
    if (stored) stored.bytes = undefined
    return true
  }

  /** A partition is replaced, or no longer needed. */
  forget(state: Held): void {
    const stored = this.#stored.get(state)
    this.#resident.delete(state)
    this.#used.delete(state)
    this.#stored.delete(state)
    for (const file of [stored?.keys, stored?.values]) if (file) rmSync(file.path, { force: true })
  }

  /** Ends the task: partitions that have become too large for the share are written to files. */
  settle(): void {
    for (const state of this.#used) this.#resident.set(state, state.entries.bytes)
    this.#used.clear()
    if (this.#pause > 0) this.#pause--
    this.#makeRoom(0)
  }

  /** Returns what the thread holds now, if that has changed since the last call. */
  takeSizes(): SpilledState | undefined {
    let memory = 0
    let files = 0
    for (const bytes of this.#resident.values()) memory += bytes
    for (const { bytes, keys, values } of this.#stored.values())
      if (bytes !== undefined) files += keys!.bytes + values!.bytes
    if (memory === this.#sizes.memory && files === this.#sizes.files) return undefined
    this.#sizes = { memory, files }
    return this.#sizes
  }

  /** Returns the faults since the last call. */
  takeFaults(): readonly StateFault[] | undefined {
    const faults = this.#faults
    this.#faults = []
    return faults.length > 0 ? faults : undefined
  }

  #makeRoom(bytes: number): void {
    let total = bytes
    for (const size of this.#resident.values()) total += size
    if (total <= this.#options.share) return
    for (const [state, size] of [...this.#resident].reverse()) {
      if (total <= this.#options.share || this.#pause > 0) return
      if (!this.#used.has(state) && this.#write(state, size)) total -= size
    }
  }

  #write(state: Held, bytes: number): boolean {
    const { entries } = state
    const stored = this.#stored.get(state) ?? {
      number: this.#files++,
      keys: undefined,
      values: undefined,
      bytes: undefined,
    }
    this.#stored.set(state, stored)
    try {
      mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 })
      const changes = entries.keyChanges
      if (stored.keys?.changes !== changes)
        stored.keys = { ...writeParts(this.#path(stored, 'keys'), entries.keyParts(this.#writer)), changes }
      stored.values = writeParts(this.#path(stored, 'values'), entries.valueParts(this.#writer))
    } catch (error) {
      this.#faults.push({ operation: 'write', bytes, error: encodeError(error) })
      this.#pause = PAUSE
      return false
    }
    entries.drop()
    stored.bytes = bytes
    this.#resident.delete(state)
    return true
  }

  #path({ number }: Stored, column: string): string {
    return join(this.#options.folder, `${number}-${column}`)
  }
}
