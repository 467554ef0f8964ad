import { wordDelays } from '../../word-delays.mjs'

/** The share of each step's time that is not counted. */
const WARM_SHARE = 0.25

export async function open({ port, threads, seconds, intervals }) {
  const run = async () => {
    const ladder = []
    for (const interval of intervals.split('-').map(Number)) {
      const { lines, batches, ...delays } = await wordDelays({
        ...{ port: Number(port), threads, interval, seconds: Number(seconds) },
        warmUp: Number(seconds) * WARM_SHARE,
      })
      ladder.push({ interval, lines, batches, stable: delays.scheduling.p99 < interval, ...delays })
    }
    return { ms: ladder[0].processing.p50, ladder }
  }
  return { run, answer: () => null }
}
