import { type Entry, entries } from '../data.js'
import { type Answer, add, type MakeOracle, oracle } from './oracle.js'

export const windowsOracle: MakeOracle = (spec) => {
  /** The longest window spans ten batches. */
  let recent: Entry[][] = []
  /** Without a filter, keys never leave an incremental window: their sum stays 0. */
  const everIn6 = new Set<string>()

  const last = (batches: number): Entry[] => recent.slice(-batches).flat()
  return oracle((batch) => {
    const drawn = entries(spec, batch)
    recent = [...recent, drawn].slice(-10)
    const plain = new Map<string, number>()
    for (const [, key, value] of last(8)) add(plain, key, value)
    const answers: Record<string, Answer> = { plain: { records: [...plain] }, size: { records: [last(5).length] } }
    if (batch % 2 === 0) {
      const values = new Map<string, number>()
      for (const [, key] of last(10)) add(values, key, 1)
      answers.values = { records: [...values] }
    }
    if (batch % 3 === 0) {
      for (const [, key] of last(3)) everIn6.add(key)
      const incremental = new Map([...everIn6].map((key) => [key, 0]))
      for (const [, key, value] of last(6)) add(incremental, key, value)
      answers.incremental = { records: [...incremental] }
    }
    return { serials: drawn.map(([serial]) => serial), answers }
  })
}
