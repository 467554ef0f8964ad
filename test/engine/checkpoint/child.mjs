// A process that runs a pipeline under a manual clock, goes on from checkpoints, and may kill itself.
//
//   node child.mjs <directory> <file for outputs> <threads> <batches> <interval> [<fault point> <nth>]
//
// The fault point 'batch' is in the middle of the nth batch, between its outputs. Every output is a line of the file, in
// the file before the next is made; the clock begins at the newest of them, where the process before was killed.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { ManualClock, StateSpec, StreamingContext } from 'millrace'

const [directory, file, threads, batches, interval, point, nth] = process.argv.slice(2)
const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : []
const from = Math.max(0, ...lines.map((line) => JSON.parse(line)[1]))
const clock = new ManualClock(from)
const faults = point && point !== 'batch' ? [{ point, nth: Number(nth), passes: new SharedArrayBuffer(4) }] : undefined

const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: 1000,
    checkpointInterval: Number(interval),
    threads: Number(threads),
    parallelism: 2,
    spare: false,
    clock,
    faults,
  })
  const words = made.input({
    kind: 'local',
    name: 'words',
    replayable: true,
    next: (time) => Array.from({ length: 6 }, (_, i) => `w${(time / 1000 + i * i) % 7}`),
  })
  const ones = words.map((word) => [word, 1])
  const spec = StateSpec.function((key, value, state) => {
    if (state.isTimingOut()) return [key, 'idle']
    state.update((state.getOption() ?? 0) + value)
    return [key, state.get()]
  })
  const outputs = {
    plain: words,
    update: ones.updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0)),
    mapped: ones.mapWithState(spec.timeout('3s')).checkpoint('2s'),
    inverse: words.countByValueAndWindow('4s', '2s'),
    window: ones.reduceByKeyAndWindow((a, b) => a + b, '3s'),
  }
  for (const [name, stream] of Object.entries(outputs)) {
    stream.foreachRDD(async (rdd, time) => {
      const records = (await rdd.collect()).map((record) => JSON.stringify(record)).sort()
      appendFileSync(file, `${JSON.stringify([name, time, records])}\n`)
      if (point === 'batch' && name === 'mapped' && time === Number(nth) * 1000) process.kill(process.pid, 'SIGKILL')
    })
  }
  words.saveAsTextFiles(`${file}-saved/batch`)
  return made
})
await ssc.start()
await ssc.awaitIdle()
while (clock.now() < Number(batches) * 1000) {
  await clock.advance(1000)
  await ssc.awaitIdle()
}
await ssc.stop()
