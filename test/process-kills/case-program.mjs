/*
 * Runs a conformance case in a process that resumes from checkpoints, under a manual clock that goes on where the last process was
 * killed. Appends a line to the file for each tick, and one for each output before it counts as completed.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { ManualClock, StreamingContext } from 'millrace'
import { build } from '../conformance/run-stream.mjs'
import { asWritten } from '../conformance/values.mjs'

/** `last`: the batch (from 1) after which the process ends, by SIGKILL if `isKilled`. `death`: where it is killed before, if it comes there. */
const { directory, file, given, last, isKilled, threads, checkpointEvery, death } = JSON.parse(process.argv[2])
const { batchMs, numPartitions = 2, inputs } = given
const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
const ticks = lines.map((line) => JSON.parse(line)).filter(([name]) => name === 'tick')
const clock = new ManualClock(Math.max(0, ...ticks.map(([, time]) => time)))
const note = (name, time, records) => appendFileSync(file, `${JSON.stringify([name, time, asWritten(records)])}\n`)
const die = () => process.kill(process.pid, 'SIGKILL')

const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: batchMs,
    checkpointInterval: checkpointEvery * batchMs,
    threads,
    parallelism: numPartitions,
    spare: false,
    clock,
    faults: death?.point && [{ ...death, passes: new SharedArrayBuffer(4) }],
  })
  const streams = inputs.map((batches) =>
    made.input({
      kind: 'local',
      name: 'batches',
      replayable: true,
      next: (time) => {
        const batch = batches[Math.round(time / batchMs) - 1]
        return batch === undefined ? [] : (batch ?? undefined)
      },
    }),
  )
  for (const [name, stream] of Object.entries(build(made, given, streams))) {
    stream.foreachRDD(async (rdd, time) => {
      note(name, time, await rdd.collect())
      if (death?.output === name && time === last * batchMs) die()
    })
  }
  return made
})
await ssc.start()
await ssc.awaitIdle()
while (clock.now() < last * batchMs) {
  note('tick', clock.now() + batchMs, [])
  await clock.advance(batchMs)
  await ssc.awaitIdle()
}
if (isKilled) die()
await ssc.stop()
