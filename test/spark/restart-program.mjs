/*
 * A pipeline that reads files, a source with positions, and pushed words, and keeps state in seven ways, three of them by event time. Each output appends
 * [name, time, records] to a file. As a program it ends by SIGKILL, in an output of the batch `until`.
 */
import { appendFileSync } from 'node:fs'
import { ManualClock, StateSpec, StreamingContext } from 'millrace'

/** Reads ranges of numbers, each with its rest by 5. */
const READER = `export const numbers = { async *read({ from, to }) { for (let n = from; n < to; n++) yield [[n % 5, n]] } }`
const numbers = {
  kind: 'direct',
  name: 'numbers',
  reader: { module: `data:text/javascript,${encodeURIComponent(READER)}`, export: 'numbers' },
  create: () => {
    let position = 0
    return {
      open: async (_zeroTime, _interval, saved) => {
        position = saved ?? 0
      },
      next: async () => {
        position += 4
        return { partitions: [{ from: position - 4, to: position }] }
      },
      position: () => position,
      replay: (_time, { partitions }) => {
        position = partitions[0].to
      },
      close: async () => {},
    }
  },
}

/** Runs the batches after `from` up to `until`, in seconds. `atEnd`: called in an output of the last one. */
export async function run({ options, directory, folder, file, from, until }, atEnd = () => {}) {
  const clock = new ManualClock(from * 1000)
  const settings = {
    checkpointInterval: 3000,
    stateSnapshotInterval: 4,
    writeAheadLog: true,
    replayRetention: '1h',
    clock,
  }
  const note = async (name, time, records) => {
    appendFileSync(file, `${JSON.stringify([name, time, records])}\n`)
    if (name === 'late' && time === until * 1000) await atEnd()
  }
  const ssc = await StreamingContext.getOrCreate(directory, () => build({ ...settings, ...options }, folder, note))
  const words = ssc.pushHandle('words')
  const recovered = []
  ssc.on('recovered', (event) => recovered.push(event))
  ssc.on('batchCompleted', ({ time, eventTime }) => note('event time', time, eventTime))
  await ssc.start()
  for (let time = from + 1; time <= until; time++) {
    await words.push(`word${time % 3}`, `word${time % 7}`)
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  await ssc.stop()
  return recovered
}

/** Runs a batch of a stopped pipeline again. */
export async function replay({ options, directory, folder }, batch) {
  const all = { clock: new ManualClock(0), writeAheadLog: true, checkpointDir: `${directory}-unused`, ...options }
  return await build(all, folder, () => {}).replay(directory, { batch })
}

function build(options, folder, note) {
  const made = new StreamingContext({ batchInterval: 1000, ...options })
  const lines = made.textFileStream(folder, { newFilesOnly: false })
  const pushed = made.pushStream('words').map((word) => [word, 1])
  const pairs = made.input(numbers)
  const written = (name, stream) =>
    stream.foreachRDD(async (rdd, time) => {
      await note(name, time, (await rdd.collect()).map((record) => JSON.stringify(record)).sort())
    })
  const counted = lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .union(pushed)
  written('totals', counted.updateStateByKey((values, sum = 0) => values.reduce((a, b) => a + b, sum)).uid('totals'))
  const seen = StateSpec.function((key, value, state) => {
    state.update([...(state.getOption() ?? []), value].slice(-3))
    return [key, state.get()]
  })
  written('seen', pairs.mapWithState(seen).uid('seen'))
  written('window', counted.reduceByKeyAndWindow((a, b) => a + b, '4s', '1s').uid('window'))
  const inverse = pairs.reduceByKeyAndWindow((a, b) => a + b, '4s', '1s', { inverse: (a, b) => a - b })
  written('inverse', inverse.uid('inverse'))
  // A fourth of a second apart, some of them too late.
  const events = pairs
    .withTimestamps(([, n]) => n * 250 - (n % 6 === 0 ? 4000 : 0), { maxOutOfOrder: '500ms' })
    .uid('events')
  const tumbling = events.tumbling('2s').reduceByKey((a, b) => a + b)
  const odd = events.filter(([, n]) => n % 2 === 1)
  written('sessions', events.session('1500ms').countByKey().uid('sessions'))
  written('joined', events.leftOuterJoinWithin(odd, { lower: 0, upper: '1s' }).uid('joined'))
  written('tumbling', tumbling.uid('tumbling'))
  written('late', tumbling.lateRecords())
  return made
}

if (process.argv[2]) await run(JSON.parse(process.argv[2]), () => process.kill(process.pid, 'SIGKILL'))
