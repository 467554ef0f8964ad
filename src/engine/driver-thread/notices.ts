import { recordSize } from '../../values/record-size.js'
import { type DeadLetterBatch, withinBytes } from '../dead-letters/dead-letter.js'
import type { EngineEvents, EventName } from '../events/engine-events.js'
import type { Logger } from '../logger.js'
import { packDetails } from './details-wire.js'
import type { ToHost } from './protocol.js'

/** Notices that the host may have unread. A thread of ten batches a second emits fewer in two minutes. */
const MOST = 8_192
const MOST_BYTES = 64 * 1024 * 1024

/** After so many notices the host reports that it has read them. */
export const NOTICES_PER_REPORT = 128

/** Notices that were not sent while the host had too many unread notices. */
interface Unsent {
  readonly events: Record<string, number>
  logs: number
  prints: number
  deadLetters: DeadLetterBatch | undefined
}

/**
 * Sends the host what it only watches: events, log messages and prints. A host that is blocked must not delay batches, and
 * must not let memory grow. So above a bound of unread notices, later ones are counted and dropped, until the host has read
 * half of them. Dead letters of that time arrive as one event, so that their counts stay exact.
 */
export class Notices {
  readonly #post: (message: ToHost) => void
  readonly #limit: number
  /** Bytes of each unread notice, oldest first. */
  readonly #sizes: number[] = []
  #bytes = 0
  #unsent: Unsent | undefined

  constructor(post: (message: ToHost) => void, limit = MOST) {
    this.#post = post
    this.#limit = limit
  }

  event(name: EventName, event: EngineEvents[EventName]): void {
    if (this.#has(recordSize(event))) {
      this.#sendEvent(name, event)
      return
    }
    const unsent = this.#dropping()
    if (name === 'deadLetters') unsent.deadLetters = joined(unsent.deadLetters, event as DeadLetterBatch)
    else unsent.events[name] = (unsent.events[name] ?? 0) + 1
  }

  log(level: keyof Logger, message: string, details: unknown): void {
    const packed = packDetails(details)
    if (this.#has(message.length + recordSize(packed))) this.#post({ type: 'log', level, message, details: packed })
    else this.#dropping().logs++
  }

  print(time: number, lines: readonly string[]): void {
    if (this.#has(recordSize(lines))) this.#post({ type: 'print', time, lines })
    else this.#dropping().prints++
  }

  /** The host has read so many notices. */
  read(count: number): void {
    for (const bytes of this.#sizes.splice(0, count)) this.#bytes -= bytes
    if (this.#sizes.length <= this.#limit / 2 && this.#bytes <= MOST_BYTES / 2) this.flush()
  }

  /** Reports what was dropped. */
  flush(): void {
    const unsent = this.#unsent
    if (!unsent) return
    this.#unsent = undefined
    const { deadLetters, events, logs, prints } = unsent
    if (deadLetters) {
      this.#count(recordSize(deadLetters))
      this.#sendEvent('deadLetters', deadLetters)
    }
    if (logs + prints + Object.keys(events).length > 0)
      this.#post({ type: 'dropped', dropped: { events, logs, prints } })
  }

  #sendEvent(name: EventName, event: EngineEvents[EventName]): void {
    this.#post({ type: 'event', name, event: packDetails(event) })
  }

  /** Counts a notice if there is room for it. Once one was dropped, later ones are too: listeners see one gap. */
  #has(bytes: number): boolean {
    if (this.#unsent || this.#sizes.length >= this.#limit || this.#bytes >= MOST_BYTES) return false
    this.#count(bytes)
    return true
  }

  #count(bytes: number): void {
    this.#sizes.push(bytes)
    this.#bytes += bytes
  }

  #dropping(): Unsent {
    this.#unsent ??= { events: {}, logs: 0, prints: 0, deadLetters: undefined }
    return this.#unsent
  }
}

/** Joins dead letters of two batches. The newest letters stay, as many as one batch may hold. */
function joined(before: DeadLetterBatch | undefined, batch: DeadLetterBatch): DeadLetterBatch {
  if (!before) return batch
  const counts: Record<string, number> = { ...before.counts }
  for (const [operation, n] of Object.entries(batch.counts)) counts[operation] = (counts[operation] ?? 0) + n
  const letters = withinBytes([...before.letters, ...batch.letters].reverse()).reverse()
  return { time: batch.time, count: before.count + batch.count, counts, letters }
}
