import { isDeepStrictEqual } from 'node:util'
import { stopwatch } from './machine.mjs'
import { spread } from './stats.mjs'

/**
 * Runs two contenders in turn, A B A B, so that disturbances affect both alike; one round before that is not counted.
 * `run` does the work and returns `{ result }`, or `{ result, time }` if only a part of its time counts. Both must have
 * the same result in every round; `normal` converts results to a comparable form.
 */
export async function versus(a, b, { runs, normal = (result) => result, log = () => {} }) {
  const taken = { [a.name]: [], [b.name]: [] }
  const ratios = []
  const cpuRatios = []
  for (let round = 0; round <= runs; round++) {
    const first = await timed(a)
    const second = await timed(b)
    const results = [normal(first.result), normal(second.result)]
    if (!isDeepStrictEqual(results[0], results[1])) {
      throw new Error(`${a.name} and ${b.name} differ: ${results.map(brief).join(' against ')}.`)
    }
    if (round === 0) continue
    taken[a.name].push(first)
    taken[b.name].push(second)
    ratios.push(second.ms / first.ms)
    cpuRatios.push(second.cpuMs / first.cpuMs)
    log(
      `  round ${round}: ${first.ms.toFixed(0)} ms, ${second.ms.toFixed(0)} ms, ${(second.ms / first.ms).toFixed(2)} times as fast`,
    )
  }
  return {
    contenders: [a, b].map(({ name }) => ({
      name,
      ms: spread(taken[name].map(({ ms }) => ms)),
      cpuMs: spread(taken[name].map(({ cpuMs }) => cpuMs)),
      foreignCores: spread(taken[name].map(({ foreignCores }) => foreignCores)),
    })),
    ratio: spread(ratios),
    cpuRatio: spread(cpuRatios),
  }
}

async function timed({ run }) {
  const stop = stopwatch()
  const answer = await run()
  const time = stop()
  return { ...(answer.time ?? time), result: answer.result }
}

function brief(result) {
  const text = JSON.stringify(result)
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
