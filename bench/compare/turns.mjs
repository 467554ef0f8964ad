import { ContenderFailed } from './contender.mjs'

/*
 * Contenders take turns: each runs once per round, in an order that rotates by one each round, so that no contender
 * always runs after the same neighbour or at the same time of the minute.
 */

/** The order of a round. */
export function rotated(items, round) {
  const by = items.length === 0 ? 0 : round % items.length
  return [...items.slice(by), ...items.slice(0, by)]
}

/** Returns the number of iterations of a turn of about `turnMs`, if one takes `ms`. */
export function iterationsFor(ms, turnMs, most = 50) {
  return Math.max(1, Math.min(most, Math.round(turnMs / Math.max(ms, 0.01))))
}

/**
 * Runs the first iteration, cold, and then at least this many more and this many seconds of them. Returns the time from
 * the process's start to its first result, and the time of the last iteration.
 */
export async function warmUp(contender, { iterations, seconds }, limitMs) {
  const begun = performance.now()
  const cold = await contender.turn(1, limitMs)
  const firstMs = contender.ageMs
  let said = cold
  let done = 1
  while (done < iterations || performance.now() - begun < seconds * 1000) {
    const last = said.ms.at(-1)
    const left = Math.max(1, iterations - done)
    const now = Math.min(left, iterationsFor(last, 1000))
    said = await contender.turn(now, limitMs)
    done += now
  }
  return { firstMs, coldMs: cold.ms[0], lastMs: said.ms.at(-1), answer: said.answer }
}

/**
 * Runs the rounds: `work(entry)` is one turn. The answers of each turn go to `turns`. A contender that fails is
 * excluded, with its reason in `failure`.
 */
export async function runRounds(entries, { rounds, work, log }) {
  for (const entry of entries) entry.turns = []
  for (let round = 0; round < rounds; round++) {
    for (const entry of rotated(entries, round)) {
      if (entry.failure !== undefined) continue
      try {
        entry.turns.push(await work(entry))
      } catch (error) {
        if (!(error instanceof ContenderFailed)) throw error
        entry.failure = error.message
      }
    }
    log(`  round ${round + 1} of ${rounds}`)
  }
}
