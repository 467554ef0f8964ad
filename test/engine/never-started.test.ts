import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const modules = new URL('./driver-pipelines/', import.meta.url)
/** Make `ssc` with an output of the name that is tested. */
const CONTEXTS = {
  host: `const ssc = new StreamingContext({ batchInterval: 1000, threads: 1 })
    ssc.queueStream([[1]]).output('numbers')`,
  thread: `const ssc = await StreamingContext.fromPipeline(new URL('faults.mjs', '${modules}'),
      { batchInterval: 1000, threads: 1, driver: 'thread' })`,
} as const

/** Returns the exit code and output of a program that waits for a context in the given way. */
async function run(wait: string, driver: keyof typeof CONTEXTS): Promise<{ code: number; printed: string }> {
  const program = `import { StreamingContext } from 'millrace'
    ${CONTEXTS[driver]}
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

describe.each(['host', 'thread'] as const)('driver: %s', (driver) => {
  test.each([
    'await ssc.awaitTermination()',
    'ssc.awaitTermination()',
    "for await (const batch of ssc.output('numbers')) console.log(batch)",
  ])('a program that waits for a context that nothing starts ends with an error: %s', async (wait) => {
    const { code, printed } = await run(wait, driver)
    expect(printed).toMatch(/StateError: .*never started. Call await ssc.start\(\)/)
    expect(code).toBe(1)
  })

  test('a context that is started after the wait began is waited for', async () => {
    const { code, printed } = await run(
      `const end = ssc.awaitTermination()
      setTimeout(async () => { await ssc.start(); await ssc.stop() }, 10)
      await end
      console.log('ended')`,
      driver,
    )
    expect({ code, printed }).toEqual({ code: 0, printed: 'ended\n' })
  })
})
