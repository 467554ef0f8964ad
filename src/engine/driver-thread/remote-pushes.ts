import { ArgumentError } from '../../errors.js'
import type { WireError } from '../../pool/error-wire.js'
import { describe } from '../../values/describe.js'
import type { Logger } from '../logger.js'
import type { PushTarget } from '../streaming/streaming-control.js'
import type { DriverLink } from './driver-link.js'
import { type PushOwner, type PushPhase, RemotePush } from './remote-push.js'

/** The pushStreams of a pipeline, by name, which the host feeds. */
export class RemotePushes implements PushOwner {
  readonly link: DriverLink
  readonly #logger: Logger
  readonly #pushes = new Map<string, RemotePush<unknown>>()
  #names: readonly string[] = []
  #phase: PushPhase = 'before'

  constructor(link: DriverLink, logger: Logger) {
    this.link = link
    this.#logger = logger
  }

  /** Whether receivers run and accept pushed values. */
  get phase(): PushPhase {
    return this.#phase
  }

  /** Called when the driver has built its graph, with the names of its pushStreams. */
  known(names: readonly string[]): void {
    this.#names = names
  }

  started(): void {
    if (this.#phase === 'before') this.#phase = 'running'
  }

  stopped(): void {
    this.#phase = 'after'
  }

  /** Returns the pushStream of this name. @throws ArgumentError if there is none. */
  named<T>(name: string): PushTarget<T> {
    const known = this.#pushes.get(name)
    if (known) return known as PushTarget<T>
    if (!this.#names.includes(name)) {
      throw new ArgumentError(
        `There is no pushStream named ${describe(name)}. Names: ${this.#names.join(', ') || 'none'}.`,
        { name },
      )
    }
    const push = new RemotePush<unknown>(name, this)
    this.#pushes.set(name, push)
    return push as PushTarget<T>
  }

  /** Called when the driver has answered a message with pushed values. */
  answered(name: string, id: number, error: WireError | undefined): void {
    this.#pushes.get(name)?.pushed(id, error)
  }

  refused(name: string, error: Error): void {
    this.#logger.error(`values pushed to ${name} were refused`, error)
  }

  /** Called when the streams have stopped, or the driver is lost. */
  end(error: Error | undefined): void {
    this.#phase = 'after'
    for (const push of this.#pushes.values()) push.over(error)
  }
}
