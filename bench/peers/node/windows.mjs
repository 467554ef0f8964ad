import { digest } from '../../compare/digest.mjs'
import { piecesInTurn } from './pieces.mjs'
import { timed } from './serve.mjs'
import { slidingCounts } from './sliding.mjs'

export function open({ pieces, count }) {
  const next = piecesInTurn(pieces, Number(count))
  const slide = slidingCounts()
  return { run: timed(() => [...slide(next())]), answer: digest }
}
