import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Exit code and what a program prints that waits for a context in the way given. */
async function run(wait: string): Promise<{ code: number; printed: string }> {
  const program = `import { StreamingContext } from 'millrace'
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 1 })
    ssc.queueStream([[1]]).output('out')
    ${wait}`
  const args = ['--input-type=module', '--eval', program]
  return promisify(execFile)(process.execPath, args).then(
    ({ stdout, stderr }) => ({ code: 0, printed: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      printed: stdout + stderr,
    }),
  )
}

test.each([
  'await ssc.awaitTermination()',
  'ssc.awaitTermination()',
  "for await (const batch of ssc.output('out')) console.log(batch)",
])('a program that waits for a context that nothing starts ends with an error: %s', async (wait) => {
  const { code, printed } = await run(wait)
  expect(code).toBe(1)
  expect(printed).toMatch(/StateError: .*never started. Call await ssc.start\(\)/)
})

test('a context that is started after the wait began is waited for', async () => {
  const { code, printed } = await run(`
    const end = ssc.awaitTermination()
    setTimeout(async () => { await ssc.start(); await ssc.stop() }, 10)
    await end
    console.log('ended')`)
  expect({ code, printed }).toEqual({ code: 0, printed: 'ended\n' })
})
