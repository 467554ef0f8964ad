import type { EventJoinOperator } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { Timed } from './event-window.js'
import type { MakeVersion } from './make-version.js'
import type { Pairs } from './pairs.js'

type Waiting = readonly [time: number, value: unknown, matched: boolean]
/** The records of a key that arrived with the batch. */
type Arrived = readonly [left: Timed[], right: Timed[]]
/** The records of a key that wait for the other side. */
type Sides = readonly [left: readonly Waiting[], right: readonly Waiting[]]

/**
 * Joins by key and event time. A record waits until the watermark passes everything that it could match. If nothing
 * matched, an outer join then emits it alone. Results carry the later of their two times.
 */
export function makeEventJoinOperator({ lower, upper, keepLeft, keepRight }: EventJoinOperator): MakeVersion {
  return ({ entries }, changes, { groups: [lefts, rights], watermarks, late }) => {
    const { before, now } = watermarks!
    const output: unknown[] = []
    const fresh = new KeyedMap<Arrived>()
    arrive(lefts!, 0, before, fresh, late)
    arrive(rights!, 1, before, fresh, late)
    for (const [key, arrived] of fresh.entries()) {
      const present = (entries.get(key) ?? [[], []]) as Sides
      changes.set(
        key,
        meet(present, arrived, lower, upper, (time, pair) => output.push([time, [key, pair]])),
      )
    }
    const looked = now > before ? entries : fresh
    for (const [key] of [...looked.entries()]) {
      const [left, right] = entries.get(key) as Sides
      // Records before the watermark are late.
      const waitingLeft = left.filter(([time]) => time + upper >= now)
      const waitingRight = right.filter(([time]) => time - lower >= now)
      if (keepLeft) {
        for (const [time, value, matched] of left)
          if (!matched && time + upper < now) output.push([time, [key, [value, undefined]]])
      }
      if (keepRight) {
        for (const [time, value, matched] of right)
          if (!matched && time - lower < now) output.push([time, [key, [undefined, value]]])
      }
      if (waitingLeft.length + waitingRight.length === 0) changes.delete(key)
      else if (waitingLeft.length + waitingRight.length < left.length + right.length)
        changes.set(key, [waitingLeft, waitingRight] satisfies Sides)
    }
    return output
  }
}

/** Adds the records of a side to those of their keys, and those before the watermark to `late`. */
function arrive(pairs: Pairs, side: 0 | 1, watermark: number, fresh: KeyedMap<Arrived>, late: unknown[]): void {
  for (const [key, timed] of pairs) {
    const [time, value] = timed as Timed
    if (time < watermark) {
      late.push([time, [key, value]])
      continue
    }
    let sides = fresh.get(key)
    if (!sides) fresh.set(key, (sides = [[], []]))
    sides[side].push(timed as Timed)
  }
}

/** Emits the matches of new records of a key. Returns both sides with them. */
function meet(
  [oldLeft, oldRight]: Sides,
  [newLeft, newRight]: Arrived,
  lower: number,
  upper: number,
  emit: (time: number, pair: readonly [left: unknown, right: unknown]) => void,
): Sides {
  const left = [...oldLeft, ...newLeft.map(([time, value]): Waiting => [time, value, false])]
  const right = [...oldRight, ...newRight.map(([time, value]): Waiting => [time, value, false])]
  left.forEach(([leftTime, leftValue], l) => {
    // Two stored records have already been compared.
    for (let r = l < oldLeft.length ? oldRight.length : 0; r < right.length; r++) {
      const [rightTime, rightValue] = right[r]!
      if (rightTime < leftTime + lower || rightTime > leftTime + upper) continue
      emit(Math.max(leftTime, rightTime), [leftValue, rightValue])
      left[l] = [leftTime, leftValue, true]
      right[r] = [rightTime, rightValue, true]
    }
  })
  return [left, right]
}
