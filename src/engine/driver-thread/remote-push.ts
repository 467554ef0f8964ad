import { BufferFullError, StateError } from '../../errors.js'
import { checkWait, type PushUntil, type PushWait, splitPush } from '../../ops/source/push-until.js'
import { decodeError, type WireError } from '../../pool/error-wire.js'
import { checkRecords } from '../../values/records.js'
import type { PushTarget } from '../streaming/streaming-control.js'
import { type Deferred, deferred } from './deferred.js'
import type { DriverLink } from './driver-link.js'
import { packRecords } from './records-wire.js'

/** Records in flight to the driver above which `push` returns a promise. */
const WINDOW = 8_192
const WINDOW_BYTES = 8 * 1024 * 1024
/** Bytes in flight above which `push` throws: the caller does not wait, or the context is not started. */
const MOST_BYTES = 64 * 1024 * 1024
/** Values held before the start: as many as a pushStream in this thread holds. */
const MAX_KEPT = 65_536

interface InFlight {
  readonly records: number
  readonly bytes: number
  /** The promise of a call that waits for more than room. */
  readonly wait: Deferred | undefined
}

export type PushPhase = 'before' | 'running' | 'after'

/** The handle that owns a pushStream. */
export interface PushOwner {
  readonly link: DriverLink
  readonly phase: PushPhase
  /** Called when the driver refused values of this pushStream. */
  refused(name: string, error: Error): void
}

/**
 * Feeds a pushStream whose driver is another thread. Each call costs one message. If a call returns undefined, the
 * caller may call again at once. If it returns a promise, the values are accepted, and the caller should await the
 * promise before the next call.
 */
export class RemotePush<T> implements PushTarget<T> {
  readonly #name: string
  readonly #owner: PushOwner
  /** The messages in flight, by id, until the driver has room for more. */
  readonly #inFlight = new Map<number, InFlight>()
  #records = 0
  #bytes = 0
  #lastId = 0
  #kept = 0
  /** Callers may ignore its promise. Those that await it are notified of a loss. */
  #room: Deferred | undefined
  #ended = false

  constructor(name: string, owner: PushOwner) {
    this.#name = name
    this.#owner = owner
  }

  push(value: T, wait: PushWait): Promise<void>
  push(...values: T[]): Promise<void> | undefined
  push(...args: unknown[]): Promise<void> | undefined {
    const { values, until } = splitPush<T>(args)
    return this.#addUntil(values, until)
  }

  pushAll(values: readonly T[], wait: PushWait): Promise<void>
  pushAll(values: readonly T[]): Promise<void> | undefined
  pushAll(values: readonly T[], wait?: PushWait): Promise<void> | undefined {
    return this.#addUntil(values, checkWait(wait, 'pushAll'))
  }

  /** With `until`, a call rejects where it would throw. */
  #addUntil(values: readonly T[], until: PushUntil | undefined): Promise<void> | undefined {
    if (until === undefined) return this.#add(values, undefined)
    return new Promise((resolve) => resolve(this.#add(values, until)))
  }

  #add(values: readonly T[], until: PushUntil | undefined): Promise<void> | undefined {
    if (this.#ended) throw new StateError(`${this.#name} has ended and accepts no more values. Push before end().`)
    const { link, phase } = this.#owner
    if (link.dead && phase !== 'after') throw link.dead
    if (phase === 'after') {
      throw new StateError(`${this.#name} accepts no more values: its context is stopped. Push before stop().`, {
        given: values.length,
      })
    }
    if (values.length === 0) return undefined
    checkRecords(values, this.#name)
    const records = packRecords(values)
    const { byteLength: bytes } = records
    if (this.#bytes > 0 && this.#bytes + bytes > MOST_BYTES) {
      throw new BufferFullError(
        `${this.#name} has ${this.#bytes} bytes in flight to its driver and got ${bytes} more; the limit is ${MOST_BYTES}. This call pushed nothing. Await the promise that push() returns; before start(), start the context first.`,
        { bytes: this.#bytes, given: bytes, limit: MOST_BYTES },
      )
    }
    if (phase === 'before') this.#keep(values.length)
    const id = ++this.#lastId
    link.post({ type: 'push', name: this.#name, id, records, until }, [records.buffer])
    const wait = until && deferred()
    this.#inFlight.set(id, { records: values.length, bytes, wait })
    this.#records += values.length
    this.#bytes += bytes
    if (wait) return wait.promise
    if (this.#hasRoom() || phase === 'before') return undefined
    this.#room ??= deferred()
    return this.#room.promise
  }

  end(): void {
    const { link } = this.#owner
    if (!this.#ended && !link.dead) link.post({ type: 'endPush', name: this.#name })
    this.#ended = true
  }

  /** Called when the driver has accepted the values of one message and has room for more, or has refused them. */
  pushed(id: number, error: WireError | undefined): void {
    const message = this.#inFlight.get(id)
    this.#records -= message?.records ?? 0
    this.#bytes -= message?.bytes ?? 0
    this.#inFlight.delete(id)
    if (error && message?.wait) message.wait.reject(decodeError(error))
    else if (error) this.#refused(decodeError(error))
    else message?.wait?.resolve()
    if (this.#hasRoom()) this.#settle((room) => room.resolve())
  }

  /** Refuses further values, because the streams have stopped or the driver is lost. */
  over(loss: Error | undefined): void {
    this.#settle((room) => (loss ? room.reject(loss) : room.resolve()))
    for (const { wait } of this.#inFlight.values()) wait?.reject(loss ?? this.#stopped())
  }

  #stopped(): StateError {
    return new StateError(`${this.#name} stopped before these values were as far as \`until\` says.`)
  }

  #hasRoom(): boolean {
    return this.#records <= WINDOW && this.#bytes <= WINDOW_BYTES
  }

  #keep(count: number): void {
    if (this.#kept + count > MAX_KEPT) {
      throw new StateError(
        `${this.#name} holds ${this.#kept} values and got ${count} more; the limit before start() is ${MAX_KEPT}. Start the context first.`,
        { kept: this.#kept, given: count, limit: MAX_KEPT },
      )
    }
    this.#kept += count
  }

  #refused(error: Error): void {
    this.#owner.refused(this.#name, error)
    this.#settle((room) => room.reject(error))
  }

  #settle(how: (room: Deferred) => void): void {
    if (this.#room) how(this.#room)
    this.#room = undefined
  }
}
