import { Context } from 'millrace'

const ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
const failed = async (rdd) => {
  try {
    await rdd.collect()
  } catch (error) {
    return error.stack
  }
}
const one = await failed(ctx.parallelize([1]).map((x) => x.missing.field))
const several = await failed(
  ctx.parallelize([1]).map((x) => {
    const y = x + 1
    return y.missing.field
  }),
)
process.stdout.write(JSON.stringify([one, several]))
await ctx.stop()
