// A process that writes checkpoints, stops itself at the nth pass of a fault point, and goes on when it is continued until
// it finds that another process has taken the directory. Prints the error that ended its streams.
//
//   node stopped-owner.mjs <directory> <fault point> <nth>
import { ManualClock, StreamingContext } from 'millrace'

const [directory, point, nth] = process.argv.slice(2)
const clock = new ManualClock(0)
const ssc = new StreamingContext({
  batchInterval: 1000,
  threads: 1,
  spare: false,
  clock,
  checkpointDir: directory,
  faults: [{ point, nth: Number(nth), passes: new SharedArrayBuffer(4), signal: 'SIGSTOP' }],
  logger: { debug() {}, info() {}, warn() {}, error() {} },
})
ssc
  .input({ kind: 'local', name: 'known', replayable: true, next: (time) => [time / 1000] })
  .map((n) => ['sum', n])
  .updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0))
  .foreachRDD(async (rdd) => void (await rdd.collect()))
const ended = ssc.awaitTermination().then(
  () => 'ended without an error',
  (error) => error.message,
)
await ssc.start()
while (ssc.state === 'ACTIVE') {
  await clock.advance(1000)
  await ssc.awaitIdle().catch(() => {})
}
console.log(await ended)
