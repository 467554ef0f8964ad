import { eachLine } from './lines.mjs'
import { piecesInTurn } from './pieces.mjs'
import { timed } from './serve.mjs'

/**
 * A loop need not visit keys without new values; the sum of all counts is computed per batch, as each batch emits all
 * of them.
 */
export function open({ pieces, count, keys, answerAt }) {
  const next = piecesInTurn(pieces, Number(count))
  const state = new Map(Array.from({ length: Number(keys) }, (_, key) => [String(key), 0]))
  let batch = 0
  let answered
  const run = timed(() => {
    eachLine(next(), (key) => state.set(key, (state.get(key) ?? 0) + 1))
    let total = 0
    for (const value of state.values()) total += value
    if (++batch === Number(answerAt)) answered = { total }
  })
  return { run, answer: () => answered }
}
