import { randomInt } from 'node:crypto'
import { toJson } from '../../values/json.js'
import type { LongRun } from '../stress/arguments.js'
import { isAborted, play } from '../stress/play.js'
import { abortedAsText, asJson, asText } from '../stress/report.js'
import { rounds } from '../stress/rounds.js'
import { Tallies } from '../stress/tallies.js'
import { talliesAsText } from '../stress/tallies-as-text.js'

/**
 * Runs rounds over all pipelines and modes, until the number of kills is reached or the time is over. Reports failed
 * rounds at once, with the options that repeat them. Returns true if every batch of every round was right and the
 * number of kills was reached.
 */
export async function longStress({
  seed = randomInt(1, 2 ** 31),
  kills,
  within,
  json,
  ...rest
}: LongRun): Promise<boolean> {
  const began = performance.now()
  const tallies = new Tallies()
  const done = () => tallies.sum((tally) => tally.kills)
  for (const config of rounds({ ...rest, seed })) {
    if (done() >= kills || performance.now() - began >= within) break
    const outcome = await play(config)
    const good = tallies.enter(config, outcome)
    if (json && !isAborted(outcome)) process.stdout.write(`${asJson(outcome)}\n`)
    if (isAborted(outcome)) process.stderr.write(`${abortedAsText(config, outcome.aborted)}\n`)
    else if (!good) process.stderr.write(`${asText(outcome)}\n`)
    else process.stderr.write(`millrace: ${config.pipeline} ${config.mode}: ${done()} of ${kills} kills\n`)
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  const good = tallies.sum(({ failedRounds }) => failedRounds) === 0 && done() >= kills
  const total = { kills: done(), wanted: kills, seconds, seed, passed: good }
  process.stdout.write(`${json ? toJson({ ...total, tallies: tallies.all }) : talliesAsText(tallies, total)}\n`)
  return good
}
