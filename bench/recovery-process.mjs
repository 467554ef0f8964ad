// A stream with keyed state that resumes from its checkpoints:
//
//   node bench/recovery-process.mjs <directory> <keys> <threads> fill <share of changed keys>...
//   node bench/recovery-process.mjs <directory> <keys> <threads> resume <batches that passed meanwhile>
//
// `fill` changes all keys in batch 1, then the shares in one batch each. It prints each checkpoint as JSON and kills itself.
// `resume` prints a line when the first batches are complete.
import { ManualClock, StreamingContext } from 'millrace'

const INTERVAL = 1000
const SEEDS = 64

const [directory, keysText, threads, mode, ...more] = process.argv.slice(2)
const keys = Number(keysText)
const shares = mode === 'fill' ? [1, ...more.map(Number)] : []
const passed = mode === 'resume' ? Number(more[0]) : 0

/** Of each seed, a share of its keys. */
const seedsAt = (time) => {
  const share = shares[time / INTERVAL - 1] ?? 0.01
  const each = Math.round((keys / SEEDS) * share)
  return Array.from({ length: SEEDS }, (_, seed) => [seed, each])
}

// The fill ends after its last batch.
const filled = 1 + 3
const clock = new ManualClock(mode === 'resume' ? (filled + passed) * INTERVAL : 0)
const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: INTERVAL,
    checkpointInterval: INTERVAL,
    threads: Number(threads),
    clock,
  })
  made
    .input({ kind: 'local', name: 'seeds', replayable: true, next: seedsAt })
    .flatMap(([seed, each]) => Array.from({ length: each }, (_, i) => [`user-${seed}-${i}`, 1]))
    .updateStateByKey((values, sum = 0) => values.reduce((a, b) => a + b, sum))
    .count()
    .output('count')
  return made
})
if (mode === 'fill') ssc.on('checkpointWritten', (event) => console.log(JSON.stringify(event)))
await ssc.start()
if (mode === 'resume') {
  await clock.advance(INTERVAL)
  await ssc.awaitIdle()
  console.log('done')
} else {
  for (const _ of shares) {
    await clock.advance(INTERVAL)
    await ssc.awaitIdle()
  }
}
process.kill(process.pid, 'SIGKILL')
