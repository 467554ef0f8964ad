import { StateError } from '../errors.js'
import { BROADCAST_ID } from './functions/env.js'

/** A value that every thread can read. It is sent once to each thread. */
export interface Broadcast<T> {
  /** The value. Throws StateError after `destroy()`. */
  readonly value: T
  /**
   * Frees the value's memory in shared blocks and in the threads, as soon as no task uses it. The driver keeps the
   * value, and sends it again when a task needs it. Call it in the driver.
   *
   * ```ts
   * const prices = ctx.broadcast(new Map([['tea', 3]]))
   * prices.unpersist()
   * await Promise.resolve(prices.value.size) // 1
   * ```
   *
   * @throws StateError after `destroy()`, and in a task.
   */
  unpersist(): void
  /**
   * Frees the value everywhere, including the driver. Running tasks finish with it. A later task that needs it fails its
   * action with StateError, even if the task only recomputes lost data. So call it in the driver, after the last action
   * that uses it. A second call has no effect.
   *
   * ```ts
   * const limit = ctx.broadcast(2)
   * await ctx.range(5).filter(withEnv({ limit }, (n) => n > limit.value)).count() // 2
   * limit.destroy()
   * ```
   *
   * @throws StateError in a task.
   */
  destroy(): void
}

/** The values of the broadcast variables of one context, by number, until they are destroyed. */
export class BroadcastValues {
  readonly #values = new Map<number, unknown>()
  #next = 0

  add(value: unknown): number {
    this.#values.set(this.#next, value)
    return this.#next++
  }

  /** Returns the value. `name`: its name in the function that reads it. @throws StateError if it was destroyed. */
  get(id: number, name?: string): unknown {
    if (this.#values.has(id)) return this.#values.get(id)
    const which = name === undefined ? `Broadcast variable ${id}` : `The broadcast variable \`${name}\``
    throw new StateError(
      `${which} was used after destroy(). Call destroy() after the last use, or call unpersist() instead, which frees ` +
        'the memory until a task needs the value again.',
      { broadcast: id, name },
    )
  }

  /** Returns whether the variable existed. */
  destroy(id: number): boolean {
    return this.#values.delete(id)
  }
}

/** The context of a broadcast variable. */
export interface BroadcastContext {
  readonly broadcasts: BroadcastValues
  /** Frees the copies in blocks and threads. */
  releaseBroadcast(id: number): void
}

/** Returns the driver's object of a broadcast variable. */
export function broadcastVariable<T>(context: BroadcastContext, id: number): Broadcast<T> {
  return Object.freeze({
    [BROADCAST_ID]: id,
    get value(): T {
      return context.broadcasts.get(id) as T
    },
    unpersist(): void {
      context.broadcasts.get(id)
      context.releaseBroadcast(id)
    },
    destroy(): void {
      if (context.broadcasts.destroy(id)) context.releaseBroadcast(id)
    },
  })
}

/** Returns a broadcast variable for functions in tasks: they can read its value, but not free it. */
export function broadcastInTask(id: number, value: () => unknown): Broadcast<unknown> {
  const inDriver = (method: string) => (): never => {
    throw new StateError(
      `${method}() of a broadcast variable was called in a task. Call it in the driver, after the action.`,
    )
  }
  return Object.freeze({
    [BROADCAST_ID]: id,
    get value(): unknown {
      return value()
    },
    unpersist: inDriver('unpersist'),
    destroy: inDriver('destroy'),
  })
}
