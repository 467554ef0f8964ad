import { RESOURCES } from '../../thread-status.js'

interface Resource {
  readonly opening: Promise<unknown>
  readonly close: ((resource: never) => unknown) | undefined
}

/** Connections and other things that readers and writers of this thread share. Each lives until the thread ends. */
export class ThreadResources {
  readonly #status: Int32Array
  readonly #open = new Map<string, Resource>()

  constructor(status: Int32Array) {
    this.#status = status
  }

  /** Returns the resource for a key; opens it if there is none. A resource that cannot be opened is forgotten. */
  get<R>(key: string, open: () => R | Promise<R>, close?: (resource: R) => unknown): Promise<R> {
    const known = this.#open.get(key)
    if (known) return known.opening as Promise<R>
    const opening = Promise.resolve().then(open)
    if (close) Atomics.store(this.#status, RESOURCES, 1)
    this.#open.set(key, { opening, close })
    opening.catch(() => {
      if (this.#open.get(key)?.opening === opening) this.#open.delete(key)
    })
    return opening
  }

  /** Forgets a resource that is no longer usable, and closes it. */
  discard(key: string): void {
    const resource = this.#open.get(key)
    this.#open.delete(key)
    // It is probably broken, so its close may fail too.
    if (resource) void closed(resource).catch(() => undefined)
  }

  /** Closes all resources, because the thread ends. Rejects with the errors of those that cannot be closed. */
  async close(): Promise<void> {
    const resources = [...this.#open.values()]
    this.#open.clear()
    const outcomes = await Promise.allSettled(resources.map(closed))
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    if (errors.length > 0) throw errors[0]
  }
}

async function closed({ opening, close }: Resource): Promise<void> {
  if (!close) return
  // An error of opening was reported to the task that requested the resource.
  const resource = await opening.then(
    (value) => ({ value }),
    () => undefined,
  )
  if (resource) await close(resource.value as never)
}
