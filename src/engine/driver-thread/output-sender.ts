import { isOutputFull, outputSize } from '../streaming/output-queue.js'

/** Sends batches of named outputs to the host. */
export interface OutputChannel {
  sendOutput(name: string, time: number, records: readonly unknown[]): void
}

/** The batches of one output that the host has not read yet. */
interface InFlight {
  /** Approximate bytes of each batch. */
  readonly sizes: number[]
  bytes: number
  resolveRoom: (() => void) | undefined
}

/**
 * The driver's end of the named outputs. Sends batches at once, without waiting for the host, until the host holds as
 * many as its queue may. So a host that is busy for a while delays no batch.
 */
export class OutputSender {
  readonly #channel: OutputChannel
  readonly #outputs = new Map<string, InFlight>()
  #ended = false

  constructor(channel: OutputChannel) {
    this.#channel = channel
  }

  /** Sends a batch. Resolves when there is room for the next one. */
  async deliver(name: string, time: number, records: readonly unknown[]): Promise<void> {
    let output = this.#outputs.get(name)
    if (!output) this.#outputs.set(name, (output = { sizes: [], bytes: 0, resolveRoom: undefined }))
    this.#channel.sendOutput(name, time, records)
    const size = outputSize(records)
    output.sizes.push(size)
    output.bytes += size
    if (!isOutputFull(output.sizes.length, output.bytes) || this.#ended) return
    await new Promise<void>((resolve) => {
      output.resolveRoom = resolve
    })
  }

  /** Called when the host's reader has taken a batch. */
  taken(name: string): void {
    const output = this.#outputs.get(name)
    if (!output) return
    output.bytes -= output.sizes.shift() ?? 0
    if (isOutputFull(output.sizes.length, output.bytes)) return
    output.resolveRoom?.()
    output.resolveRoom = undefined
  }

  /** Called when the streams have stopped: batches no longer wait for room. */
  end(): void {
    this.#ended = true
    for (const { resolveRoom } of this.#outputs.values()) resolveRoom?.()
  }
}
