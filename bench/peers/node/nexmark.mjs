import { digest } from '../../compare/digest.mjs'
import { SECOND_MS } from '../../nexmark/events.mjs'
import { eachLine } from './lines.mjs'
import { piecesInTurn } from './pieces.mjs'
import { timed } from './serve.mjs'

export async function open({ query, pieces, count, each = '1', answerAt }) {
  const { plain } = await import(`../../nexmark/${query}.mjs`)
  const next = piecesInTurn(pieces, Number(count))
  const work = plain()
  let batch = 0
  let answered
  const run = timed(() => {
    for (let i = 0; i < Number(each); i++) {
      const events = []
      eachLine(next(), (line) => events.push(JSON.parse(line)))
      const result = work(events, ++batch * SECOND_MS)
      if (batch === Number(answerAt)) answered = result
    }
  })
  return { run, answer: () => answered && digest(answered) }
}
