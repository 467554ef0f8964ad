#!/usr/bin/env node
// Trending hashtags, end to end: a process that simulates the X filtered stream, the pipeline of trending-hashtags.ts, and
// the ten most frequent tags every second. The demo terminates a worker thread midway. At the end it compares every count
// with the sender's, and exits with 1 if they differ.
//
// The live page of the streams is open meanwhile; `--chaos` puts a button on it that terminates a thread.
//
//   npm run demo -- --duration 20s --rate 2000 --threads 2 --batch-interval 1s --chaos
import { rm } from 'node:fs/promises'
import { StreamingContext } from 'millrace'
import { differences } from './support/differences.mjs'
import { count, duration, flag, rate, readFlags } from './support/flags.mjs'
import { quietAtTheEnd } from './support/logger.mjs'
import { Sabotage } from './support/sabotage.mjs'
import { countSaved } from './support/saved-tags.mjs'
import { startProcess } from './support/spawn.mjs'
import { bar, table } from './support/table.mjs'
import { TrendTally } from './support/trend-tally.mjs'

/** Results without a new post after the sender's end, after which posts count as lost. */
const PATIENCE = 10
const OUT = 'out'

const flags = readFlags(
  { duration, rate, threads: count, 'batch-interval': duration, chaos: flag },
  { duration: 20_000, rate: 2000, threads: 2, 'batch-interval': 1000, chaos: false },
)
const interval = flags['batch-interval']
/** Results come every second, or after as many batches as reach a second. */
const every = Math.ceil(1000 / interval) * interval
if (600_000 % every !== 0) {
  console.error(
    `--batch-interval: ${interval} ms does not divide the window of 10 minutes: use 200ms, 500ms, 1s or 2s.`,
  )
  process.exit(2)
}

await rm(OUT, { recursive: true, force: true })
const sender = await startProcess(new URL('./support/x-stream.mjs', import.meta.url), [
  ...['--rate', flags.rate, '--duration', `${flags.duration}ms`],
])
const ssc = await StreamingContext.fromPipeline(new URL('./trending-hashtags.ts', import.meta.url), {
  batchInterval: interval,
  threads: flags.threads,
  logger: quietAtTheEnd,
  ui: { chaos: flags.chaos },
  params: { url: new URL(sender.info.url).origin, out: OUT, every: `${every}ms` },
})
let interrupted = false
process.once('SIGINT', () => {
  interrupted = true
  void ssc.stop({ graceful: true, timeout: '1m' })
})

const tally = new TrendTally()
const sabotage = new Sabotage(ssc, console.log)
await ssc.start()
if (ssc.ui.url) console.log(`The live page: ${ssc.ui.url}`)
const startedAt = performance.now()
await follow()
const seconds = (performance.now() - startedAt) / 1000
await ssc.stop({ graceful: true, timeout: '1m' })

if (interrupted) {
  console.log('Interrupted: all received posts were processed; nothing was compared.')
  await sender.stop()
  process.exitCode = 130
} else {
  const sent = await (await fetch(new URL('/stats?final=1', sender.info.url))).json()
  await sender.stop()
  const wrong = await check(sent)
  console.log(summary(sent))
  for (const line of wrong.slice(0, 20)) console.error(line)
  if (wrong.length > 0) console.error(`FAILED: ${wrong.length} differences between what was sent and what was counted.`)
  else console.log('OK: every post was counted once, in the windows and in the files.')
  process.exitCode = wrong.length > 0 ? 1 : 0
}

/** Shows each result, until all sent posts are in it. */
async function follow() {
  const arrivals = ssc.output('arrivals')[Symbol.asyncIterator]()
  const counts = ssc.output('counts')[Symbol.asyncIterator]()
  let armed = false
  let idle = 0
  for await (const { time, records: top } of ssc.output('top')) {
    const resultAt = Date.now()
    const before = tally.posts
    // There is a result every second; with shorter batches it covers several of them.
    for (let batch; !batch?.done && !(batch?.value.time >= time); ) {
      batch = await arrivals.next()
      if (!batch.done) tally.add(batch.value.records, resultAt)
    }
    const window = await counts.next()
    if (!window.done) tally.counts = new Map(window.value.records)
    show(time, top)
    if (!armed && performance.now() - startedAt >= flags.duration / 2) {
      armed = true
      sabotage.arm()
    }
    const done = sender.messages.find((message) => message.done)?.done
    if (!done) continue
    idle = tally.posts > before ? 0 : idle + 1
    // A short run may end before its half: the worker is terminated all the same.
    if ((tally.posts >= done.posts && sabotage.recovered !== undefined) || idle >= PATIENCE) return
  }
}

function show(time, top) {
  const most = top[0]?.[1] ?? 1
  const rows = top.map(([tag, n], i) => [i + 1, `#${tag}`, n, bar(n / most, 40)])
  console.log(`\n${new Date(time).toISOString().slice(11, 19)}  ${tally.posts.toLocaleString('en-US')} posts so far`)
  console.log(rows.length > 0 ? table(['', 'tag', 'count', ''], rows) : 'no tags yet')
}

async function check(sent) {
  const expected = new Map(Object.entries(sent.counts))
  const wrong = [
    ...differences(expected, tally.counts, 'tag'),
    ...differences(expected, await countSaved(OUT), 'saved tag'),
  ]
  if (tally.posts !== sent.posts) wrong.unshift(`posts: sent ${sent.posts}, processed ${tally.posts}`)
  return wrong
}

function summary(sent) {
  const rows = [
    ['posts sent', sent.posts],
    ['posts processed', tally.posts],
    ['tags counted', tally.tags],
    ['batches', tally.batches],
    ['delay from arrival to result, p50, ms', tally.delay(0.5)],
    ['delay from arrival to result, p99, ms', tally.delay(0.99)],
    ['posts per second', Math.round(tally.posts / seconds)],
    ['threads lost', sabotage.lost],
    ['time to recover, ms', sabotage.recovered ?? 'never'],
  ]
  return `\n${table(['summary', ''], rows)}\n`
}
