import { KeyedMap } from '../../ops/keys.js'
import { asPair } from '../../ops/pair.js'
import type { Plan } from '../../ops/plan.js'
import { PROGRESS } from '../vitals.js'
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
  const [left, right] = of.map((part) => compiler.source(part)) as [Source, Source]
  return (task, each) => {
    const { vitals } = task.meter
    const partners = new KeyedMap<Partners>()
    right(task, (records) => {
      for (const record of records) {
        const [key, value] = asPair(record)
        vitals[PROGRESS]!++
        const found = partners.get(key)
        if (found) found.values.push(value)
        else partners.set(key, { key, values: [value], met: false })
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
    left(task, (records) => {
      for (const record of records) {
        const [key, value] = asPair(record)
        vitals[PROGRESS]!++
        const found = partners.get(key)
        if (found) {
          found.met = true
          for (const theirs of found.values) add(key, value, theirs)
        } else if (keepLeft) add(key, value, undefined)
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
