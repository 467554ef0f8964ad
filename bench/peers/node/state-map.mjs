import { eachLine } from './lines.mjs'
import { piecesInTurn } from './pieces.mjs'
import { timed } from './serve.mjs'

export function open({ pieces, count, keys, answerAt }) {
  const next = piecesInTurn(pieces, Number(count))
  const state = new Map(Array.from({ length: Number(keys) }, (_, key) => [String(key), 0]))
  let batch = 0
  let answered
  const run = timed(() => {
    let sum = 0
    eachLine(next(), (key) => {
      const total = (state.get(key) ?? 0) + 1
      state.set(key, total)
      sum += total
    })
    if (++batch === Number(answerAt)) answered = { total: sum }
  })
  return { run, answer: () => answered }
}
