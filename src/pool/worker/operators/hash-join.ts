import type { Plan } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import { compilePairs, type PairSource } from './merge.js'

/** Joined records per piece, so that a key with many values on both sides does not fill the memory. */
const PIECE = 8192

/** The values of the right side under one key. */
interface Partners {
  readonly key: unknown
  readonly values: unknown[]
  met: boolean
}

/** Holds the right side by key and streams the left side, so memory is needed for the right side only. */
export function compileJoin({ of, keepLeft, keepRight }: Plan & { op: 'join' }, compiler: PlanCompiler): Source {
  const [left, right] = of.map((part) => compilePairs(part, compiler)) as [PairSource, PairSource]
  return (task, each) => {
    const { status } = task.meter
    const partners = new KeyedMap<Partners>()
    right(task, (keys, values) => {
      for (let i = 0; i < keys.length; i++) {
        status[PROGRESS]!++
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
        status[PROGRESS]!++
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
