import type { Plan } from '../../ops/plan.js'
import { KeyedMap } from '../../values/keys.js'
import { PROGRESS } from '../vitals.js'
import { compilePairs, type PairSource } from './merge.js'
import type { PlanCompiler, Source } from './plans.js'

/** Joined records that are passed on at a time: a key with many values on both sides must not fill the memory. */
const PIECE = 8192

/** What the right side has under one key. */
interface Partners {
  readonly key: unknown
  readonly values: unknown[]
  met: boolean
}

/** Holds the right side by key and passes the left side by it, so it costs memory for the right side only. */
export function compileJoin({ of, keepLeft, keepRight }: Plan & { op: 'join' }, compiler: PlanCompiler): Source {
  const [left, right] = of.map((part) => compilePairs(part, compiler)) as [PairSource, PairSource]
  return (task, each) => {
    const { vitals } = task.meter
    const partners = new KeyedMap<Partners>()
    right(task, (keys, values) => {
      for (let i = 0; i < keys.length; i++) {
        vitals[PROGRESS]!++
        const key = keys[i]
        const found = partners.get(key)
        if (found) found.values.push(values[i])
        else partners.set(key, { key, values: [values[i]], met: false })
      }
    })
    let joined: [unknown, [unknown, unknown]][] = []
    const pass = () => {
      if (joined.length > 0) each(joined)
      joined = []
    }
    const add = (key: unknown, mine: unknown, theirs: unknown) => {
      joined.push([key, [mine, theirs]])
      if (joined.length === PIECE) pass()
    }
    left(task, (keys, values) => {
      for (let i = 0; i < keys.length; i++) {
        vitals[PROGRESS]!++
        const key = keys[i]
        const found = partners.get(key)
        if (found) {
          found.met = true
          for (const theirs of found.values) add(key, values[i], theirs)
        } else if (keepLeft) add(key, values[i], undefined)
      }
    })
    if (keepRight) {
      for (const { key, values, met } of partners.values()) {
        if (!met) for (const theirs of values) add(key, undefined, theirs)
      }
    }
    pass()
  }
}
