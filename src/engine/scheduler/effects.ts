import type { Events } from '../events/events.js'
import type { StateTracker } from '../state/state-tracker.js'
import type { BlockManager } from '../storage/block-manager.js'
import type { ContentVersions } from '../storage/content-versions.js'
import type { InputPins } from '../storage/input-pins.js'
import type { PersistedPartitions } from '../storage/persisted-partitions.js'
import type { Spilling } from '../storage/spilling.js'
import type { Command } from './commands.js'

export interface EffectsOptions {
  readonly blocks: BlockManager
  readonly inputs: InputPins
  readonly states: StateTracker
  readonly versions: ContentVersions
  readonly persisted: PersistedPartitions
  readonly spilling: Spilling
  readonly events: Events
}

/** Commands about blocks, files and state. */
export type Effect = Extract<
  Command,
  { do: 'pin' | 'release' | 'abandon' | 'discard' | 'forgetState' | 'dropBlock' | 'dropFile' | 'emit' }
>

/** Carries out the commands that change storage. */
export class Effects {
  readonly #options: EffectsOptions

  constructor(options: EffectsOptions) {
    this.#options = options
  }

  carryOut(effect: Effect): void {
    const { blocks, inputs, states, versions, persisted, spilling, events } = this.#options
    switch (effect.do) {
      case 'pin':
        inputs.pin(effect.attempt.pins)
        break
      case 'release':
        inputs.unpin(effect.attempt.pins)
        effect.attempt.exchange?.ended(effect.attempt.place)
        break
      case 'abandon':
        effect.attempt.exchange?.failed(effect.attempt.place)
        // Its readers may already have the output, so their results may differ from the output of a second attempt.
        if (effect.attempt.place !== undefined) versions.suspect()
        break
      case 'discard':
        if (effect.owned) blocks.refuse(effect.thread, effect.blocks)
        else blocks.discard(effect.blocks)
        break
      case 'forgetState':
        for (const { operator, partition } of effect.planned.states) states.absent(operator, partition)
        break
      case 'dropBlock':
        blocks.corrupt(effect.block)
        break
      case 'dropFile':
        persisted.corrupt(effect.file)
        spilling.unreadable(effect.error.details, effect.error)
        break
      case 'emit':
        events.emit(effect.event.name, effect.event.detail as never)
        break
    }
  }
}
