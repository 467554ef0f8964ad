import { randomBytes } from 'node:crypto'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { TaskInput, WrittenBlock } from '../../pool/protocol.js'
import type { StateStageInput } from '../stage-input.js'
import { KEYS, nameOf, packStateBlock, SNAPSHOT, type StateBlock, unpackStateBlock } from '../state-block.js'
import { HeldStates } from './held-states.js'
import type { KeyedBlock, StateFrame } from './task-frames.js'

/** No snapshot has this name: a version without one before it must not continue what the process holds. */
const NO_SNAPSHOT = ''

/**
 * The names of keyed state in this process and outside of it. The runtime numbers operators, and names snapshots by its own blocks: both
 * are unique in one process of one application only.
 */
export class StateHost {
  /** Names this process in those of its snapshots. */
  readonly #process = `${randomBytes(8).toString('hex')}/`
  /** Names of operators, by their numbers in the runtime. */
  readonly #operators: string[] = []
  readonly #held = new HeldStates()

  /**
   * Returns the input of the runtime for a version of state. `read`: the chain of the version that it starts from. `put` copies a block
   * into the memory of the task.
   */
  input(wanted: StateStageInput, read: StateFrame | undefined, put: (block: StateBlock) => BlockHandle): TaskInput {
    const snapshot = wanted.from !== wanted.to
    const input = { ...this.#versionOf(wanted), snapshot }
    if (!read) return { ...input, last: NO_SNAPSHOT }
    const { last, isHot, isHeld } = read
    const local = last.startsWith(this.#process) ? last.slice(this.#process.length) : last
    if (isHot) return { ...input, last: local }
    const blocks = read.blocks.map(unpackStateBlock)
    const of = (codec: StateBlock['codec']) => blocks.filter((block) => block.codec === codec).map(put)
    const rebuild = { keys: of('records'), snapshots: of('shuffle'), last: local, replay: [] }
    return { ...input, detached: !snapshot && !isHeld, rebuild }
  }

  /** Returns the input for the first version after a restart. It begins a chain of its own, with all keys and values. */
  restored(wanted: StateStageInput, keys: readonly BlockHandle[], snapshots: readonly BlockHandle[]): TaskInput {
    const rebuild = { keys, snapshots, last: undefined, replay: [] }
    return { ...this.#versionOf(wanted), snapshot: 'full', last: NO_SNAPSHOT, rebuild }
  }

  /** Packs a block of a snapshot, or its keys, for the chain of its partition. */
  packed(map: number, { as, key, full = false, name, block }: WrittenBlock, payload: Buffer): KeyedBlock {
    const { id, count, codec } = block
    // The key of both ends with the time of the version.
    const own = as === 'keys' ? nameOf(this.#process, id, key!.split('/')[2]!) : this.#process + name!
    const packed = packStateBlock(map, { full, name: own, count, codec: codec as 'records', payload })
    return { key: as === 'keys' ? KEYS : SNAPSHOT, block: packed }
  }

  /** Returns partitions that the process needs to hold no longer: by numbers of the runtime, and by name. */
  moved(): { readonly operator: number; readonly partition: number; readonly name: string }[] {
    return this.#held.moved().map((each) => ({ ...each, name: `${this.#operators[each.operator]}/${each.partition}` }))
  }

  #versionOf({ name, operator: stream, partition, from, to, scan, watermarks }: StateStageInput) {
    const operator = this.#numberOf(name)
    this.#held.use(operator, partition)
    return { in: 'state', operator, stream, partition, from, to, scan, watermarks } as const
  }

  #numberOf(name: string): number {
    const known = this.#operators.indexOf(name)
    return known >= 0 ? known : this.#operators.push(name) - 1
  }
}
