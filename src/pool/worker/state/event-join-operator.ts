import type { EventJoinOperator } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { Timed } from './event-window-operator.js'
import type { MakeVersion } from './operators.js'
import type { Pairs } from './pairs.js'

type Waiting = readonly [time: number, value: unknown, matched: boolean]
/** What of a key waits for the other side. */
type Sides = readonly [left: readonly Waiting[], right: readonly Waiting[]]

/**
 * Joins by key and event time. A record waits until the watermark passes everything it could match; a side that is kept
 * then gives it alone, if nothing did. Results carry the later of their two times.
 */
export function makeEventJoinOperator({ lower, upper, keepLeft, keepRight }: EventJoinOperator): MakeVersion {
  return ({ entries }, changes, { groups: [lefts, rights], watermarks, late }) => {
    const { before, now } = watermarks!
    const output: unknown[] = []
    const fresh = new KeyedMap<[left: Timed[], right: Timed[]]>()
    const arrive = (pairs: Pairs, side: 0 | 1) => {
      for (const [key, timed] of pairs) {
        const [time, value] = timed as Timed
        if (time < before) {
          late.push([time, [key, value]])
          continue
        }
        let sides = fresh.get(key)
        if (!sides) fresh.set(key, (sides = [[], []]))
        sides[side].push(timed as Timed)
      }
    }
    arrive(lefts!, 0)
    arrive(rights!, 1)
    for (const [key, [newLeft, newRight]] of fresh.entries()) {
      const [oldLeft, oldRight] = (entries.get(key) ?? [[], []]) as Sides
      const left = [...oldLeft, ...newLeft.map(([time, value]): Waiting => [time, value, false])]
      const right = [...oldRight, ...newRight.map(([time, value]): Waiting => [time, value, false])]
      left.forEach(([leftTime, leftValue], l) => {
        // Two that were there before have met before.
        for (let r = l < oldLeft.length ? oldRight.length : 0; r < right.length; r++) {
          const [rightTime, rightValue] = right[r]!
          if (rightTime < leftTime + lower || rightTime > leftTime + upper) continue
          output.push([Math.max(leftTime, rightTime), [key, [leftValue, rightValue]]])
          left[l] = [leftTime, leftValue, true]
          right[r] = [rightTime, rightValue, true]
        }
      })
      changes.set(key, [left, right] satisfies Sides)
    }
    const looked = now > before ? entries : fresh
    for (const [key] of [...looked.entries()]) {
      const [left, right] = entries.get(key) as Sides
      // Nothing in time can come any more that is before the watermark.
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
