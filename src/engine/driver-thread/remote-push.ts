import { BufferFullError, StateError } from '../../errors.js'
import { decodeError, type WireError } from '../../pool/error-wire.js'
import { checkRecords } from '../../values/records.js'
import { type Deferred, deferred } from './deferred.js'
import type { DriverLink } from './driver-link.js'
import { packRecords } from './records-wire.js'

/** Records, and bytes, that may be under way to the driver before `push` asks to wait. */
const WINDOW = 8_192
const WINDOW_BYTES = 8 * 1024 * 1024
/** Bytes under way at which it takes no more from a caller that does not wait, or before the start. */
const MOST_BYTES = 64 * 1024 * 1024
/** Records kept while no stream takes them: as many as a pushStream in this thread keeps. */
const MAX_KEPT = 65_536

/** What a pushStream of a pipeline offers to the host; see PushHandle for what each call means. */
export interface PushFace<T> {
  push(...values: T[]): Promise<void> | undefined
  pushAll(values: readonly T[]): Promise<void> | undefined
  end(): void
}

export type PushPhase = 'before' | 'running' | 'after'

/**
 * Feeds a pushStream whose driver is another thread. A message a call: push many values at once where there are many.
 * Undefined: go on. A promise: the values are taken, but so many are under way that the next should wait for it.
 */
export class RemotePush<T> implements PushFace<T> {
  readonly #name: string
  readonly #link: DriverLink
  readonly #phase: () => PushPhase
  readonly #onRefused: (error: Error) => void
  /** Records by the message that carries them, until the driver has room for more. */
  readonly #underWay = new Map<number, { readonly records: number; readonly bytes: number }>()
  #records = 0
  #bytes = 0
  #lastId = 0
  #kept = 0
  /** Callers may leave its promise alone; whoever waits for it is told of a loss. */
  #room: Deferred | undefined
  #ended = false

  constructor(name: string, link: DriverLink, phase: () => PushPhase, onRefused: (error: Error) => void) {
    this.#name = name
    this.#link = link
    this.#phase = phase
    this.#onRefused = onRefused
  }

  push(...values: T[]): Promise<void> | undefined {
    return this.pushAll(values)
  }

  pushAll(values: readonly T[]): Promise<void> | undefined {
    if (this.#ended) throw new StateError(`${this.#name} is ended, it takes no more values. Push before end().`)
    const phase = this.#phase()
    if (this.#link.dead && phase !== 'after') throw this.#link.dead
    if (phase === 'after') {
      throw new StateError(`${this.#name} takes no more values: its context is stopped. Push before stop().`, {
        given: values.length,
      })
    }
    if (values.length === 0) return undefined
    checkRecords(values, this.#name)
    const records = packRecords(values)
    const { byteLength: bytes } = records
    if (this.#bytes > 0 && this.#bytes + bytes > MOST_BYTES) {
      throw new BufferFullError(
        `${this.#name} has ${this.#bytes} bytes under way to its driver and got ${bytes} more; at most ${MOST_BYTES} may be. Nothing of this call was taken. Wait for the promise that push() returns; before the start, start the context first.`,
        { bytes: this.#bytes, given: bytes, limit: MOST_BYTES },
      )
    }
    if (phase === 'before') this.#keep(values.length)
    const id = ++this.#lastId
    this.#link.post({ type: 'push', name: this.#name, id, records }, [records.buffer])
    this.#underWay.set(id, { records: values.length, bytes })
    this.#records += values.length
    this.#bytes += bytes
    if (this.#hasRoom() || phase === 'before') return undefined
    this.#room ??= deferred()
    return this.#room.promise
  }

  end(): void {
    if (!this.#ended && !this.#link.dead) this.#link.post({ type: 'endPush', name: this.#name })
    this.#ended = true
  }

  /** The driver has taken the values of one message and has room for more, or refused them. */
  pushed(id: number, error: WireError | undefined): void {
    const message = this.#underWay.get(id)
    this.#records -= message?.records ?? 0
    this.#bytes -= message?.bytes ?? 0
    this.#underWay.delete(id)
    if (error) this.#refused(decodeError(error))
    else if (this.#hasRoom()) this.#settle((room) => room.resolve())
  }

  /** Nothing is taken any more: by a stop, or with the driver. */
  over(loss: Error | undefined): void {
    this.#settle((room) => (loss ? room.reject(loss) : room.resolve()))
  }

  #hasRoom(): boolean {
    return this.#records <= WINDOW && this.#bytes <= WINDOW_BYTES
  }

  #keep(count: number): void {
    if (this.#kept + count > MAX_KEPT) {
      throw new StateError(
        `${this.#name} keeps ${this.#kept} values already and got ${count} more; at most ${MAX_KEPT} are kept while no stream takes them. Start the context first.`,
        { kept: this.#kept, given: count, limit: MAX_KEPT },
      )
    }
    this.#kept += count
  }

  #refused(error: Error): void {
    this.#onRefused(error)
    this.#settle((room) => room.reject(error))
  }

  #settle(how: (room: Deferred) => void): void {
    if (this.#room) how(this.#room)
    this.#room = undefined
  }
}
