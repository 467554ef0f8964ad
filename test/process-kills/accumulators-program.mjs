/*
 * Counts records in accumulators with a name, in a process that resumes from checkpoints, under a manual clock that goes on where the
 * last process was killed. Appends a line to the file for each tick, and the values at the end.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { ManualClock, StreamingContext, withEnv } from 'millrace'

/** `last`: the batch (from 1) after which the process ends. `death`: where it is killed before, if it comes there. */
const { directory, file, last, death, checkpointInterval, writeAheadLog } = JSON.parse(process.argv[2])
const INTERVAL_MS = 1000
const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
const clock = new ManualClock(Math.max(0, ...lines.map((line) => JSON.parse(line).tick ?? 0)))
const note = (line) => appendFileSync(file, `${JSON.stringify(line)}\n`)

const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: INTERVAL_MS,
    checkpointInterval,
    threads: 1,
    parallelism: 2,
    spare: false,
    writeAheadLog,
    clock,
    faults: death?.point && [{ ...death, passes: new SharedArrayBuffer(4) }],
  })
  const accumulators = {}
  const numbers = made.input({
    kind: 'local',
    name: 'numbers',
    replayable: true,
    next: (time) => Array.from({ length: 4 }, (_, i) => time / INTERVAL_MS + i),
  })
  /** Counts the records of a mapped stream, and those of an output of what is made of it. */
  const count = (name, make, options) => {
    const [mapped, acted] = ['mapped', 'acted'].map((part) => made.context.longAccumulator(`${name} ${part}`))
    Object.assign(accumulators, { [`${name} mapped`]: mapped, [`${name} acted`]: acted })
    const pairs = numbers.map(
      withEnv({ mapped }, (n) => {
        mapped.add(n)
        return [n % 3, n]
      }),
    )
    make(pairs).foreachRDD(async (rdd, time) => {
      await rdd.foreach(withEnv({ acted }, () => acted.add(1)))
      if (death?.output === name && time === death.batch * INTERVAL_MS) process.kill(process.pid, 'SIGKILL')
    }, options)
  }
  const add = (a, b) => a + b
  count('plain', (pairs) => pairs)
  count('memory', (pairs) => pairs, { inMemory: true })
  count('state', (pairs) => pairs.updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0)))
  count('window', (pairs) => pairs.reduceByKeyAndWindow(add, '3s', '1s'))
  count('slow', (pairs) => pairs.reduceByKeyAndWindow(add, '4s', '2s'))
  count('events', (pairs) =>
    pairs
      .withTimestamps(([, n]) => n * 1000, { maxOutOfOrder: 2000 })
      .tumbling(3000)
      .countByKey(),
  )
  const seen = made.context.collectionAccumulator('seen')
  accumulators.seen = seen
  numbers.foreachRDD((rdd) => rdd.foreach(withEnv({ seen }, (n) => seen.add(n))))
  process.on('exit', () => {
    note({ values: Object.fromEntries(Object.entries(accumulators).map(([name, { value }]) => [name, value])) })
  })
  return made
})
await ssc.start()
await ssc.awaitIdle()
while (clock.now() < last * INTERVAL_MS) {
  note({ tick: clock.now() + INTERVAL_MS })
  await clock.advance(INTERVAL_MS)
  await ssc.awaitIdle()
}
await ssc.stop()
