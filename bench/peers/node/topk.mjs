import { digest } from '../../compare/digest.mjs'
import { piecesInTurn } from './pieces.mjs'
import { timed } from './serve.mjs'
import { slidingCounts } from './sliding.mjs'

export function open({ pieces, count }) {
  const next = piecesInTurn(pieces, Number(count))
  const slide = slidingCounts()
  const top = () => [...slide(next())].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10)
  return { run: timed(top), answer: digest }
}
