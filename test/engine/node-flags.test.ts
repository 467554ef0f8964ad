import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROGRAM = `
  import { Context, words } from ${JSON.stringify(fileURLToPath(import.meta.resolve('millrace')))}
  const ctx = new Context({ threads: 2, spare: false })
  const counts = await ctx.parallelize(['a b', 'b'], 2).flatMap(words()).countByValue()
  const sums = await ctx.range(10).map((x) => [x % 2, x]).filter(([k]) => k === 1).reduceByKey((a, b) => a + b).collect()
  const refused = await ctx.range(3).map((x) => Promise.resolve(x)).count().catch((error) => error.cause.code)
  const thrown = await ctx.range(0, 3, 1, 1).map((x) => x.a.b).count().catch((error) => error.details.record)
  await ctx.stop()
  console.log(JSON.stringify([counts.get('b'), sums, refused, thrown]))`

test.each(['--disallow-code-generation-from-strings', '--jitless'])(
  'functions run in a process with %s',
  (flag) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [flag, '--input-type=module', '-e', PROGRAM], {
      encoding: 'utf8',
    })
    expect({ status, stdout: stdout.trim() }, stderr).toEqual({
      status: 0,
      stdout: JSON.stringify([2, [[1, 25]], 'ERR_MILLRACE_ARGUMENT', '0']),
    })
  },
  600_000,
)
