import { isOutputFull, outputSize } from '../output-queue.js'

interface Outlet {
  /** About the bytes of each batch that the host has not taken, and of all. */
  readonly waiting: number[]
  bytes: number
  room: (() => void) | undefined
}

/**
 * The driver's end of the named outputs. A batch is sent at once, without waiting for the host, until the host has as many
 * as its queue may hold: a host that is busy for a while delays no batch.
 */
export class Outlets {
  readonly #send: (name: string, time: number, records: readonly unknown[]) => void
  readonly #outlets = new Map<string, Outlet>()
  #open = true

  constructor(send: (name: string, time: number, records: readonly unknown[]) => void) {
    this.#send = send
  }

  /** Resolves when there is room for the next batch. */
  async deliver(name: string, time: number, records: readonly unknown[]): Promise<void> {
    let outlet = this.#outlets.get(name)
    if (!outlet) this.#outlets.set(name, (outlet = { waiting: [], bytes: 0, room: undefined }))
    this.#send(name, time, records)
    const size = outputSize(records)
    outlet.waiting.push(size)
    outlet.bytes += size
    if (!isOutputFull(outlet.waiting.length, outlet.bytes) || !this.#open) return
    await new Promise<void>((resolve) => {
      outlet.room = resolve
    })
  }

  taken(name: string): void {
    const outlet = this.#outlets.get(name)
    if (!outlet) return
    outlet.bytes -= outlet.waiting.shift() ?? 0
    if (isOutputFull(outlet.waiting.length, outlet.bytes)) return
    outlet.room?.()
    outlet.room = undefined
  }

  /** The streams have ended: nobody waits any more. */
  end(): void {
    this.#open = false
    for (const { room } of this.#outlets.values()) room?.()
  }
}
