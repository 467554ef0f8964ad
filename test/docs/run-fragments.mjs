// Runs compiled examples, given as file URLs, and prints what each showed as one line of JSON.
import { inspect } from 'node:util'
import { Context, ManualClock, StreamingContext } from 'millrace'

const BATCH_MS = 1000

/** One for all examples on datasets: starting threads takes longer than most of them. */
const ctx = new Context({ threads: 1, spare: false })

async function run(url) {
  const { default: example } = await import(url)
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: BATCH_MS, threads: 1, spare: false, clock })
  const shown = []
  const outputs = []
  const check = {
    value: (actual, expected) => shown.push({ actual: [actual], expected: [expected] }),
    output: (name, expected) => outputs.push({ name, expected: expected.split('; ') }),
  }
  try {
    await example(ctx, ssc, ctx.parallelize(['one line', 'another one']), check)
    if (outputs.length > 0) {
      await ssc.start()
      for (let i = Math.max(...outputs.map(({ expected }) => expected.length)); i > 0; i--) {
        await clock.advance(BATCH_MS)
        await ssc.awaitIdle()
      }
      await ssc.stop()
      for (const { name, expected } of outputs) {
        const actual = []
        for await (const { records } of ssc.output(name)) actual.push(records)
        shown.push({ actual: actual.slice(0, expected.length), expected })
      }
    }
  } finally {
    await ssc.stop()
  }
  return shown.map(({ actual, expected }) => ({ actual: actual.map(printed), expected: expected.map(bare) }))
}

function printed(value) {
  return bare(inspect(value, { depth: 20, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 1000 }))
}

/** The text of a value without the spaces between its parts and without the sizes of Maps and Sets. */
function bare(text) {
  return text
    .replaceAll(/'[^']*'|\s+/g, (part) => (part[0] === "'" ? part : ''))
    .replaceAll(/\b(Map|Set)\(\d+\)/g, '$1')
}

for (const url of process.argv.slice(2)) {
  const answer = await run(url).then(
    (shown) => ({ shown }),
    (error) => ({ error: inspect(error) }),
  )
  console.log(JSON.stringify({ url, ...answer }))
}
await ctx.stop()
