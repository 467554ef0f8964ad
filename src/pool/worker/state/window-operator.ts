import type { StateOperator } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { ThreadServices } from '../runtime/task.js'
import type { MakeVersion } from './make-version.js'

type Binary = (a: unknown, b: unknown) => unknown

/*
 * With a filter of the user, the time of an entry is twice the number of batches in the window that have its key, plus 1
 * if the filter refuses the entry. A refused key must stay while a batch has it: its value is not neutral, or becomes so
 * only because values cancel each other out, and the batches that leave later are subtracted from it.
 */

/** Whether the filter refuses the entry with this time, although a batch of the window has its key. */
export const isHidden = (time: number): boolean => (time & 1) === 1

const batchesOf = (time: number): number => time >> 1
const timeOf = (batches: number, refused: boolean): number => (batches << 1) | Number(refused)

/**
 * A window's totals: value = reduce(inverse(previous, leaving), entering). Without a previous value, nothing is
 * subtracted. The cost depends on the keys that enter and leave.
 */
export function makeWindowOperator(
  operator: StateOperator & { kind: 'window' },
  { resolve }: ThreadServices,
): MakeVersion {
  const reduce = resolve(operator.reduce) as Binary
  const inverse = resolve(operator.inverse) as Binary
  const filter = operator.filter && resolve(operator.filter)
  const { counted } = operator
  return ({ entries }, changes, { groups: [entering, leaving] }) => {
    // Decode both before a function runs, because their blocks may be freed.
    const keys = [leaving!.keys, entering!.keys] as const
    const left = new Reduced(keys[0], leaving!.values, reduce)
    for (const [key, old] of left.totals.entries()) {
      const slot = entries.find(key)
      if (slot < 0) continue
      // A checkpoint of an earlier release has no numbers of batches.
      const batches = counted ? Math.max(0, batchesOf(entries.time(slot)) - left.batches(key)) : 0
      changes.change(slot, inverse(entries.values[slot], old), timeOf(batches, false))
    }
    const entered = new Reduced(keys[1], entering!.values, reduce)
    for (const [key, fresh] of entered.totals.entries()) {
      const slot = entries.find(key)
      const batches = counted ? entered.batches(key) : 0
      if (slot < 0) changes.add(key, fresh, timeOf(batches, false))
      else
        changes.change(
          slot,
          reduce(entries.values[slot], fresh),
          timeOf(batchesOf(entries.time(slot)) + batches, false),
        )
    }
    if (filter) {
      for (const slot of changes.slots.slice()) {
        if (!entries.isAlive(slot) || filter([entries.key(slot), entries.values[slot]])) continue
        const batches = batchesOf(entries.time(slot))
        if (batches === 0) changes.remove(slot)
        else changes.change(slot, entries.values[slot], timeOf(batches, true))
      }
    }
    return []
  }
}

/** A group reduced to one pair per key. It may hold several batches, each of which has a key at most once. */
class Reduced {
  readonly totals = new KeyedMap<unknown>()
  readonly #repeats = new KeyedMap<number>()

  constructor(keys: readonly unknown[], values: ArrayLike<unknown>, reduce: Binary) {
    const { totals } = this
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]
      const isRepeat = totals.has(key)
      totals.set(key, isRepeat ? reduce(totals.get(key), values[i]) : values[i])
      if (isRepeat) this.#repeats.set(key, (this.#repeats.get(key) ?? 0) + 1)
    }
  }

  /** How many batches have a key of the group. */
  batches(key: unknown): number {
    return 1 + (this.#repeats.get(key) ?? 0)
  }
}
