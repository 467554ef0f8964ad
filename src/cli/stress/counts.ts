import type { StreamingContext } from '../../index.js'
import type { Kill } from './killer.js'

export interface Totals {
  readonly kills: number
  readonly threadsKilled: number
  /** Lost threads by reason. Threads that died while booting do not count. */
  readonly threadsLost: Readonly<Record<string, number>>
  readonly tasksRetried: number
  /** Blocks that lost all owners. A batch that reads one recomputes it from its lineage. */
  readonly blocksLost: number
  readonly blocksRecomputed: number
  /** Blocks whose owner died, and that got another owner. */
  readonly blocksReplicated: number
  readonly statePartitionsRebuilt: number
}

/** Counts recoveries from the engine's events. */
export class Counts {
  readonly #lost: Record<string, number> = {}
  #kills = 0
  #threadsKilled = 0
  #tasksRetried = 0
  #blocksLost = 0
  #blocksRecomputed = 0
  #blocksReplicated = 0
  #rebuilt = 0

  constructor(ssc: StreamingContext) {
    ssc.on('threadLost', ({ reason }) => {
      this.#lost[reason] = (this.#lost[reason] ?? 0) + 1
    })
    ssc.on('taskRetried', () => this.#tasksRetried++)
    ssc.on('blocksLost', ({ blocks }) => {
      this.#blocksLost += blocks
    })
    ssc.on('blockRecomputed', () => this.#blocksRecomputed++)
    ssc.on('blocksReplicated', ({ blocks }) => {
      this.#blocksReplicated += blocks
    })
    ssc.on('stateRebuilt', () => this.#rebuilt++)
  }

  killed({ threads }: Kill): void {
    this.#kills++
    this.#threadsKilled += threads
  }

  totals(): Totals {
    return {
      kills: this.#kills,
      threadsKilled: this.#threadsKilled,
      threadsLost: { ...this.#lost },
      tasksRetried: this.#tasksRetried,
      blocksLost: this.#blocksLost,
      blocksRecomputed: this.#blocksRecomputed,
      blocksReplicated: this.#blocksReplicated,
      statePartitionsRebuilt: this.#rebuilt,
    }
  }
}
