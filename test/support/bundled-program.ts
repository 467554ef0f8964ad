/** A program for bundlers: it prints the sum of a job, or the error. */
export const PROGRAM = `
  import { Context } from 'millrace'
  async function main() {
    const ctx = new Context({ threads: 1, spare: false })
    console.log('sum', await ctx.parallelize([1, 2]).map((x) => x + 1).sum())
    await ctx.stop()
  }
  main().catch((error) => {
    console.log(error.code, error.message)
    process.exit(1)
  })`
