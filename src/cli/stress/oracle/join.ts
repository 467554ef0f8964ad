import { entries, names } from '../data.js'
import { type MakeOracle, oracle } from './oracle.js'

export const joinOracle: MakeOracle = (spec) => {
  const nameOf = new Map(names())
  return oracle((batch) => {
    const left = entries(spec, batch)
    const right = entries(spec, batch, 'right')
    const valuesOf = new Map<string, number[]>()
    for (const [, key, value] of right) {
      const values = valuesOf.get(key)
      if (values) values.push(value)
      else valuesOf.set(key, [value])
    }
    const joined: unknown[] = []
    const named: unknown[] = []
    let outer = 0
    for (const [, key, value] of left) {
      const others = valuesOf.get(key) ?? []
      for (const other of others) joined.push([key, [value, other]])
      outer += Math.max(1, others.length)
      const name = nameOf.get(key)
      if (name !== undefined) named.push([key, [value, name]])
    }
    return {
      serials: [...left, ...right].map(([serial]) => serial),
      answers: { joined: { records: joined }, outer: { records: [outer] }, named: { records: named } },
    }
  })
}
