import { lines } from '../data.js'
import { add, type MakeOracle, oracle } from './oracle.js'

export const wordcountOracle: MakeOracle = (spec) =>
  oracle((batch) => {
    const serials: number[] = []
    const totals = new Map<string, number>()
    for (const line of lines(spec, batch)) {
      const [serial, ...words] = line.split(' ')
      serials.push(Number(serial))
      for (const word of words) add(totals, word, 1)
    }
    const counts = [...totals]
    const ranking = [...totals].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    return { serials, answers: { counts: { records: counts }, ranking: { records: ranking, ordered: true } } }
  })
